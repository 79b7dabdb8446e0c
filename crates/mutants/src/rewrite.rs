//! Rewriting a file so that it holds its mutants beside the original, each chosen by a question at run time.

use std::collections::{BTreeSet, HashMap};

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr};

use crate::mutant::{Genre, Mutant, Place};

/// The question whether the program runs as mutant `id`.
fn asked(id: usize) -> String {
    format!("crate::mutants_inside::is({id})")
}

/// A stretch of the rewritten text and the mutants it belongs to.
#[derive(Debug, Clone)]
pub struct Stretch {
    pub from: Place,
    pub to: Place,
    pub mutants: Vec<usize>,
}

impl Stretch {
    /// Whether it holds all of another stretch.
    pub fn holds(&self, from: Place, to: Place) -> bool {
        self.from <= from && to <= self.to
    }
    /// Whether the two have something in common.
    pub fn touches(&self, from: Place, to: Place) -> bool {
        self.from <= to && from <= self.to
    }
}

/// A rewritten file.
#[derive(Debug)]
pub struct Rewritten {
    pub text: String,
    /// The mutants in it.
    pub built: BTreeSet<usize>,
    /// The texts put in, so that a compiler's complaint about one is known to be about its mutants.
    pub inserted: Vec<Stretch>,
    /// From the first to the last text put in for an expression, with all that lies between.
    pub wrapped: Vec<Stretch>,
}

/// Rewrites `source` to hold `mutants` with their numbers.
pub fn rewrite(source: &str, mutants: &[(usize, &Mutant)]) -> syn::Result<Rewritten> {
    let mut wanted: HashMap<(Genre, Place), Vec<(usize, &str)>> = HashMap::new();
    for (id, mutant) in mutants {
        wanted.entry((mutant.genre, mutant.start())).or_default().push((*id, &mutant.replacement));
    }
    let characters: Vec<char> = source.chars().collect();
    let mut lines = vec![0];
    lines.extend((1..).zip(&characters).filter(|(_, c)| **c == '\n').map(|(next, _)| next));
    let file = syn::parse_file(source)?;
    let mut rewriter =
        Rewriter { wanted, lines, built: BTreeSet::new(), pieces: Vec::new(), wraps: 0, fixed: 0 };
    rewriter.visit_file(&file);
    Ok(rewriter.finish(&characters))
}

/// Which of the pieces at one place comes first: what closes before what opens, the inner closes before the outer and
/// opens after it; a replaced operator last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Closes(usize),
    Opens(std::cmp::Reverse<usize>),
    Replaces,
}

/// A text put in at `at`, in place of what stands there up to `until`.
#[derive(Debug)]
struct Piece {
    at: usize,
    until: usize,
    rank: Rank,
    text: String,
    mutants: Vec<usize>,
    wrap: usize,
}

/// As wide as a whole file: what goes around everything at its place.
const WIDEST: usize = usize::MAX;

struct Rewriter<'m> {
    wanted: HashMap<(Genre, Place), Vec<(usize, &'m str)>>,
    /// Where each line begins, in characters.
    lines: Vec<usize>,
    built: BTreeSet<usize>,
    pieces: Vec<Piece>,
    wraps: usize,
    /// How deep we are in what the compiler computes; nothing can be asked there.
    fixed: usize,
}

/// Which expression pieces belong to: its mutants, its width, and its number.
struct Wrap {
    mutants: Vec<usize>,
    width: usize,
    number: usize,
}

impl<'m> Rewriter<'m> {
    fn offset(&self, place: proc_macro2::LineColumn) -> usize {
        self.lines[place.line - 1] + place.column
    }
    fn range(&self, node: &impl Spanned) -> (usize, usize) {
        (self.offset(node.span().start()), self.offset(node.span().end()))
    }
    fn take(&mut self, genre: Genre, node: &impl Spanned) -> Vec<(usize, &'m str)> {
        let start = node.span().start();
        if self.fixed > 0 {
            return Vec::new();
        }
        let found = self.wanted.get(&(genre, (start.line, start.column + 1))).cloned().unwrap_or_default();
        self.built.extend(found.iter().map(|(id, _)| *id));
        found
    }
    fn wrap(&mut self, width: usize, mutants: Vec<usize>) -> Wrap {
        self.wraps += 1;
        Wrap { mutants, width, number: self.wraps }
    }
    fn put(&mut self, at: usize, until: usize, rank: Rank, text: String, mutants: Vec<usize>, wrap: &Wrap) {
        self.pieces.push(Piece { at, until, rank, text, mutants, wrap: wrap.number });
    }
    fn open(&mut self, at: usize, text: String, wrap: &Wrap) {
        self.put(at, at, Rank::Opens(std::cmp::Reverse(wrap.width)), text, wrap.mutants.clone(), wrap);
    }
    fn close(&mut self, at: usize, text: String, mutants: Vec<usize>, wrap: &Wrap) {
        self.put(at, at, Rank::Closes(wrap.width), text, mutants, wrap);
    }
    fn replace(&mut self, node: &impl Spanned, text: &str, wrap: &Wrap) {
        let (at, until) = self.range(node);
        self.put(at, until, Rank::Replaces, text.to_owned(), wrap.mutants.clone(), wrap);
    }
    fn within_fixed(&mut self, visit: impl FnOnce(&mut Self)) {
        self.fixed += 1;
        visit(self);
        self.fixed -= 1;
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        if signature.constness.is_some() {
            return self.within_fixed(|this| visit::visit_block(this, block));
        }
        // An opaque type is that of one expression; a second one would be refused.
        let opaque = signature.output.to_token_stream().to_string().contains("impl ");
        if let (Some(first), false) = (block.stmts.first(), opaque) {
            let start = self.offset(block.brace_token.span.open().end());
            for (id, replacement) in self.take(Genre::FnValue, first) {
                let wrap = self.wrap(WIDEST, vec![id]);
                self.open(start, format!(" if {} {{ return {replacement}; }} ", asked(id)), &wrap);
            }
        }
        visit::visit_block(self, block);
    }

    /// `a && b`: with the left side known, the right one decides or it does not.
    fn logical(&mut self, binary: &syn::ExprBinary, wrap: &Wrap) {
        let Some(id) = wrap.mutants.first() else { return };
        let (start, end) = self.range(binary);
        let is_and = matches!(binary.op, BinOp::And(_));
        let turned = if is_and { asked(*id) } else { format!("!{}", asked(*id)) };
        self.open(start, "(match (".to_owned(), wrap);
        self.replace(&binary.op, &format!(") {{ left_side => if left_side != {turned} {{ "), wrap);
        self.close(end, " } else { left_side } })".to_owned(), wrap.mutants.clone(), wrap);
    }

    /// Every other operator: the operands are computed once, then joined by the operator asked for.
    fn arithmetic(&mut self, binary: &syn::ExprBinary, others: &[(usize, &str)], wrap: &Wrap) {
        use BinOp::*;
        let (start, end) = self.range(binary);
        let compares = matches!(binary.op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_));
        let original = binary.op.to_token_stream().to_string();
        let assigns = original.ends_with('=') && !compares;
        let (first, second, left, right) = match (compares, assigns) {
            (true, _) => ("(match (&(", "), &(", "*left_side", "*right_side"),
            (_, true) => ("(match (&mut (", "), (", "*left_side", "right_side"),
            _ => ("(match ((", "), (", "left_side", "right_side"),
        };
        self.open(start, first.to_owned(), wrap);
        self.replace(&binary.op, second, wrap);
        self.close(end, ")) { (left_side, right_side) => ".to_owned(), wrap.mutants.clone(), wrap);
        for (id, other) in others {
            let text = format!("if {} {{ {left} {other} {right} }} else ", asked(*id));
            self.close(end, text, vec![*id], wrap);
        }
        self.close(end, format!("{{ {left} {original} {right} }} }})"), wrap.mutants.clone(), wrap);
    }

    fn finish(self, characters: &[char]) -> Rewritten {
        let Rewriter { mut pieces, built, .. } = self;
        pieces.sort_by_key(|piece| (piece.at, piece.rank));
        let mut text = String::with_capacity(characters.len() * 2);
        let (mut done, mut here) = (0, (1, 1));
        let mut inserted = Vec::with_capacity(pieces.len());
        let mut wrapped: HashMap<usize, Stretch> = HashMap::new();
        for piece in pieces {
            copy(&mut text, &mut here, characters[done..piece.at].iter().copied());
            let from = here;
            copy(&mut text, &mut here, piece.text.chars());
            let stretch = Stretch { from, to: here, mutants: piece.mutants };
            let whole = wrapped.entry(piece.wrap).or_insert_with(|| stretch.clone());
            whole.to = here;
            for id in &stretch.mutants {
                if !whole.mutants.contains(id) {
                    whole.mutants.push(*id);
                }
            }
            inserted.push(stretch);
            done = piece.until;
        }
        copy(&mut text, &mut here, characters[done..].iter().copied());
        Rewritten { text, built, inserted, wrapped: wrapped.into_values().collect() }
    }
}

fn copy(text: &mut String, here: &mut Place, characters: impl Iterator<Item = char>) {
    for c in characters {
        *here = if c == '\n' { (here.0 + 1, 1) } else { (here.0, here.1 + 1) };
        text.push(c);
    }
}

/// A condition that binds names cannot be computed apart.
fn binds(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            binds(&binary.left) || binds(&binary.right)
        }
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Rewriter<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
    }
    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
    }
    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
    }
    fn visit_item_const(&mut self, node: &'ast syn::ItemConst) {
        self.within_fixed(|this| visit::visit_item_const(this, node));
    }
    fn visit_impl_item_const(&mut self, node: &'ast syn::ImplItemConst) {
        self.within_fixed(|this| visit::visit_impl_item_const(this, node));
    }
    fn visit_item_static(&mut self, node: &'ast syn::ItemStatic) {
        self.within_fixed(|this| visit::visit_item_static(this, node));
    }
    fn visit_type(&mut self, node: &'ast syn::Type) {
        self.within_fixed(|this| visit::visit_type(this, node));
    }
    fn visit_pat(&mut self, node: &'ast syn::Pat) {
        self.within_fixed(|this| visit::visit_pat(this, node));
    }
    fn visit_expr_const(&mut self, node: &'ast syn::ExprConst) {
        self.within_fixed(|this| visit::visit_expr_const(this, node));
    }
    fn visit_expr_repeat(&mut self, node: &'ast syn::ExprRepeat) {
        self.visit_expr(&node.expr);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let logical = matches!(binary.op, BinOp::And(_) | BinOp::Or(_));
        if !(logical && (binds(&binary.left) || binds(&binary.right))) {
            let found = self.take(Genre::BinaryOperator, &binary.op);
            if !found.is_empty() {
                let (start, end) = self.range(binary);
                let wrap = self.wrap(end - start, found.iter().map(|(id, _)| *id).collect());
                if logical {
                    self.logical(binary, &wrap);
                } else {
                    self.arithmetic(binary, &found, &wrap);
                }
            }
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        if let Some((id, _)) = self.take(Genre::UnaryOperator, &unary.op).first() {
            let (start, end) = self.range(unary);
            let wrap = self.wrap(end - start, vec![*id]);
            let operator = unary.op.to_token_stream().to_string();
            self.replace(&unary.op, "(match (", &wrap);
            let text =
                format!(") {{ operand => if {} {{ operand }} else {{ {operator}operand }} }})", asked(*id));
            self.close(end, text, vec![*id], &wrap);
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        match &arm.guard {
            Some((_, guard)) if binds(guard) => (),
            Some((_, guard)) => {
                let arms = self.take(Genre::MatchArm, &arm.pat);
                let guards = self.take(Genre::MatchArmGuard, guard);
                let (holds, fails): (Vec<_>, Vec<_>) =
                    guards.into_iter().partition(|(_, now)| *now == "true");
                let all: Vec<usize> = arms.iter().chain(&holds).chain(&fails).map(|(id, _)| *id).collect();
                if !all.is_empty() {
                    let (start, end) = self.range(guard);
                    // Wider than the guard itself, which may be an expression with mutants of its own.
                    let wrap = self.wrap(end - start + 1, all.clone());
                    let never = arms.iter().chain(&fails).map(|(id, _)| format!("!{} && ", asked(*id)));
                    let always = holds.iter().map(|(id, _)| format!("{} || ", asked(*id)));
                    let text = format!("{}({}(", never.collect::<String>(), always.collect::<String>());
                    self.open(start, text, &wrap);
                    self.close(end, "))".to_owned(), all, &wrap);
                }
            }
            None => {
                if let Some((id, _)) = self.take(Genre::MatchArm, &arm.pat).first() {
                    let (_, end) = self.range(&arm.pat);
                    let wrap = self.wrap(WIDEST, vec![*id]);
                    self.close(end, format!(" if !{}", asked(*id)), vec![*id], &wrap);
                }
            }
        }
        visit::visit_arm(self, arm);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mutant(genre: &str, column: usize, replacement: &str) -> Mutant {
        let text = format!(
            r#"{{"name":"m","file":"f","genre":"{genre}","replacement":"{replacement}","span":{{"start":{{"line":1,"column":{column}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    /// A source, the changes of it, and what it becomes.
    type Case = (&'static str, &'static [(&'static str, usize, &'static str)], String);

    /// Each mutant stands beside the original; what the compiler computes stays as it was.
    #[test]
    fn mutants_stand_beside_the_original() {
        let is = |id| format!("crate::mutants_inside::is({id})");
        let cases: &[Case] = &[
            (
                "fn f() -> u8 { 7 }",
                &[("FnValue", 16, "0")],
                format!("fn f() -> u8 {{ if {} {{ return 0; }}  7 }}", is(1)),
            ),
            ("const fn f() -> u8 { 7 }", &[("FnValue", 22, "0")], "const fn f() -> u8 { 7 }".to_owned()),
            ("const A: u8 = 1 + 2;", &[("BinaryOperator", 17, "-")], "const A: u8 = 1 + 2;".to_owned()),
            (
                "fn f() { g(a && b) }",
                &[("BinaryOperator", 14, "||")],
                format!(
                    "fn f() {{ g((match (a ) {{ left_side => if left_side != {} {{  b }} else {{ left_side }} }})) }}",
                    is(1)
                ),
            ),
            (
                "fn f() { a*b+c }",
                &[("BinaryOperator", 11, "+"), ("BinaryOperator", 13, "-")],
                format!(
                    "fn f() {{ (match (((match ((a), (b)) {{ (left_side, right_side) => if {} {{ left_side + right_side }} else {{ left_side * right_side }} }})), (c)) {{ (left_side, right_side) => if {} {{ left_side - right_side }} else {{ left_side + right_side }} }}) }}",
                    is(1),
                    is(2)
                ),
            ),
            (
                "fn f() { !a }",
                &[("UnaryOperator", 10, "")],
                format!(
                    "fn f() {{ (match (a) {{ operand => if {} {{ operand }} else {{ !operand }} }}) }}",
                    is(1)
                ),
            ),
            (
                "fn f() { match a { b if c => d, e => g } }",
                &[("MatchArmGuard", 25, "true"), ("MatchArmGuard", 25, "false"), ("MatchArm", 33, "")],
                format!(
                    "fn f() {{ match a {{ b if !{} && ({} || (c)) => d, e if !{} => g }} }}",
                    is(2),
                    is(1),
                    is(3)
                ),
            ),
        ];
        for (source, changes, expected) in cases {
            let mutants: Vec<Mutant> =
                changes.iter().map(|(genre, column, now)| mutant(genre, *column, now)).collect();
            let numbered: Vec<(usize, &Mutant)> = (1..).zip(&mutants).collect();
            let done = rewrite(source, &numbered).unwrap();
            assert_eq!(done.text, *expected);
            syn::parse_file(&done.text).unwrap();
            assert_eq!(done.built.len(), if *source == expected { 0 } else { mutants.len() }, "{source}");
        }
    }
}
