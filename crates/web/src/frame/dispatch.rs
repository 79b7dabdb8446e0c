//! From a request to an answer: who asks, what is wanted, may they, what comes of it.

use std::collections::BTreeMap;

use identity::{Desk, Work};
use kernel::{Bilingual as _, Lang, Moment};
use serde_json::json;
use vault::CheckpointPolicy;

use super::answer::Answer;
use super::asked::Asked;
use super::menu::menu;
use super::{Console, entry, export, url};
use crate::catalogue::cursor::{Start, turns};
use crate::catalogue::one_field;
use crate::catalogue::{
    Act, Caller, Done, Download, Field, Given, List, Look, Page, Raw, Refusal, Rows, Run, Takes, View,
    Weight, Who, Why,
};
use crate::render::{self, FormState, ListState, Screen};
use crate::{api, words};

/// Rows on a page when nothing else is asked.
const PAGE_ROWS: usize = 50;
/// The most rows of a page or of an answer to a program.
const PAGE_ROWS_MAX: usize = 500;

/// What a path and a method lead to.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The rows of a list.
    List(&'static List),
    /// One thing.
    View(&'static View),
    /// A page drawn by hand.
    Page(&'static Page),
    /// A file to take away.
    Download(&'static Download),
    /// The form of the act named in the path.
    Form,
    /// Doing the act named in the path, from its form.
    Do,
    /// Doing an act, for programs.
    Act(&'static Act),
    /// The login page.
    Entry(entry::Step),
    /// The description of the interface.
    OpenApi,
    /// Where a customer's number, a book's number or a bill's code leads to.
    Find,
    /// Choosing the language.
    Lang,
}

impl Console {
    /// The answer to a request. Never fails: what goes wrong is an answer too.
    pub fn answer(&self, route: Route, asked: &Asked) -> Answer {
        let now = self.now();
        let caller = match entry::who(self, asked, now) {
            Ok(caller) => caller,
            Err(refusal) => return self.refuse(asked, None, now, &refusal),
        };
        match self.dispatch(route, asked, caller.as_ref(), now) {
            Ok(answer) => answer,
            Err(refusal) => self.refuse(asked, caller.as_ref(), now, &refusal),
        }
    }

    /// The answer that tells of a problem.
    pub fn refuse(&self, asked: &Asked, caller: Option<&Caller>, now: Moment, refusal: &Refusal) -> Answer {
        let lang = caller.map_or_else(|| asked.lang(), |caller| caller.lang);
        if asked.wants_json() {
            return Answer::problem(refusal, lang, &asked.id);
        }
        if refusal.why == Why::NotLoggedIn {
            return Answer::see(&format!("/login?to={}", url::encode(&asked.whole_path())));
        }
        // Whoever must change a password or give a second factor is led there.
        if let Some(page) = caller.and_then(|caller| caller.held_at).filter(|page| *page != asked.path) {
            return Answer::see(&format!("{page}?to={}", url::encode(&asked.whole_path())));
        }
        let title = words::say(lang, &format!("problem.{}", refusal.why.code()));
        let screen = self.screen(asked, caller, title, now);
        let body = render::problem(&screen, refusal, &asked.id);
        let mut answer = Answer::page(render::document(&screen, &body));
        answer.status = refusal.why.status();
        answer.for_refusal(refusal)
    }

    fn dispatch(
        &self,
        route: Route,
        asked: &Asked,
        caller: Option<&Caller>,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        match route {
            Route::Entry(step) => entry::step(self, step, asked, caller, now),
            Route::OpenApi => {
                let (_, text) = api::described(asked.lang());
                Ok(Answer::bytes(200, "application/json", text.clone().into_bytes()))
            }
            Route::Lang => entry::set_language(asked),
            Route::Page(page) => self.page(page, asked, caller, now),
            // A file without a permission is for anybody, such as the proof of the bill one holds in the hand.
            Route::Download(download) if download.permission.is_empty() => {
                let visitor;
                let looker = match caller {
                    Some(caller) => caller,
                    None => {
                        visitor = entry::visitor(self, asked);
                        &visitor
                    }
                };
                let given = Given::understand(download.params, &asked.raw(), false)?;
                let made = self.look(looker, now, |look| (download.make)(look, &given))?;
                Ok(Answer::file(&made.name, made.content_type, made.bytes))
            }
            _ => {
                let caller = caller.ok_or_else(not_logged_in)?;
                entry::require_free(caller, asked)?;
                match route {
                    Route::List(list) => self.list(list, asked, caller, now),
                    Route::View(view) => self.view(view, asked, caller, now),
                    Route::Download(download) => self.download(download, asked, caller, now),
                    Route::Form => self.form(self.named(asked)?, asked, caller, now, None),
                    Route::Do => self.act_from_form(self.named(asked)?, asked, caller, now),
                    Route::Act(act) => {
                        let done = self.act(act, asked, caller, now)?;
                        Ok(answer_json(&done, caller.lang))
                    }
                    Route::Find => self.find(asked, caller, now),
                    _ => Err(Refusal::not_found("页面", "page", &asked.path)),
                }
            }
        }
    }

    fn named(&self, asked: &Asked) -> Result<&'static Act, Refusal> {
        let name = asked.params.get("act").map_or("", String::as_str);
        self.catalogue.act(name).ok_or_else(|| Refusal::not_found("操作", "act", name))
    }

    /// One look at the database.
    pub fn look<T>(
        &self,
        caller: &Caller,
        now: Moment,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.house.store.read(|tx| look(&mut Look::new(tx, caller, &self.house, now)))
    }

    /// What stands around a page.
    pub(crate) fn screen<'s>(
        &'s self,
        asked: &'s Asked,
        caller: Option<&'s Caller>,
        title: String,
        now: Moment,
    ) -> Screen<'s> {
        let lang = caller.map_or_else(|| asked.lang(), |caller| caller.lang);
        let stopped = self
            .house
            .store
            .read(|tx| identity::alarm::open_alarm(tx, self.house.org_id))
            .ok()
            .flatten()
            .map(|_| words::say(lang, "frame.stopped"));
        Screen {
            house: &self.house,
            catalogue: &self.catalogue,
            lang,
            caller,
            path: &asked.path,
            title,
            menu: caller.map_or_else(Vec::new, |caller| menu(&self.catalogue, caller)),
            flash: asked.cookie("flash").and_then(|text| url::decode(text, false)),
            stopped: stopped.filter(|_| caller.is_some()),
            now,
        }
    }

    /// A whole page around a body; the word of what was just done is shown once.
    fn whole(&self, screen: &Screen<'_>, body: &maud::Markup) -> Answer {
        let answer = Answer::page(render::document(screen, body));
        if screen.flash.is_some() { answer.cookie("flash", "", 0, false) } else { answer }
    }

    fn page(
        &self,
        page: &'static Page,
        asked: &Asked,
        caller: Option<&Caller>,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let visitor;
        let looker = match (page.who, caller) {
            (Who::Anybody, None) => {
                visitor = entry::visitor(self, asked);
                &visitor
            }
            (_, None) => return Err(not_logged_in()),
            (who, Some(caller)) => {
                entry::require_free(caller, asked)?;
                if let Who::Holder(permission) = who
                    && !caller.holds(permission)
                {
                    return Err(Refusal::not_permitted(permission));
                }
                caller
            }
        };
        let given = Given::understand(page.params, &asked.raw(), false)?;
        let body = self.look(looker, now, |look| (page.draw)(look, &given))?;
        let title = words::say(looker.lang, &format!("page.{}", page.name));
        Ok(self.whole(&self.screen(asked, caller, title, now), &body))
    }

    fn view(
        &self,
        view: &'static View,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        if !caller.holds(view.permission) {
            return Err(Refusal::not_permitted(view.permission));
        }
        let given = Given::understand(view.params, &asked.raw(), false)?;
        let mut sheet = self.look(caller, now, |look| (view.show)(look, &given))?;
        if let Some(version) = &sheet.version {
            for offer in &mut sheet.offers {
                offer.given.push(("version", version.clone()));
            }
        }
        if asked.wants_json() {
            let body = api::sheet_json(&sheet, caller.lang);
            let tag = sheet.version.clone().unwrap_or_else(|| api::digest(&body));
            let tag = format!("\"{tag}\"");
            if asked.header("if-none-match") == Some(tag.as_str()) {
                return Ok(Answer::bytes(304, "application/json", Vec::new()).with("etag", tag));
            }
            return Ok(Answer::json(200, &body).with("etag", tag));
        }
        if asked.query.get("format").is_some_and(|format| format == "pdf") {
            return export::sheet_pdf(&self.house, &sheet, caller.lang);
        }
        let screen = self.screen(asked, Some(caller), sheet.title.clone(), now);
        Ok(self.whole(&screen, &render::sheet(&screen, &sheet)))
    }

    fn download(
        &self,
        download: &'static Download,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        if !caller.holds(download.permission) {
            return Err(Refusal::not_permitted(download.permission));
        }
        let given = Given::understand(download.params, &asked.raw(), false)?;
        let made = self.look(caller, now, |look| (download.make)(look, &given))?;
        Ok(Answer::file(&made.name, made.content_type, made.bytes))
    }

    fn list(
        &self,
        list: &'static List,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        if !caller.holds(list.permission) {
            return Err(Refusal::not_permitted(list.permission));
        }
        let raw = asked.raw();
        let text = |name: &str| raw.texts.get(name).map(|text| text.trim()).unwrap_or_default();
        let search: String = text("q").chars().take(100).collect();
        let sort = sorting(list, text("sort"))?;
        let limit = match text("limit") {
            "" => PAGE_ROWS,
            wanted => match wanted.parse::<usize>() {
                Ok(limit) if (1..=PAGE_ROWS_MAX).contains(&limit) => limit,
                _ => return Err(one_field("limit", "应为 1 到 500", "from 1 to 500")),
            },
        };
        let format = text("format").to_owned();
        let understood = Given::understand(list.filters, &raw, false);
        if asked.wants_json() || !format.is_empty() {
            let given = understood?;
            let (start, limit) = match format.as_str() {
                "" | "json" => (Start::read(list, &raw)?, limit),
                "xlsx" => (Start::default(), export::SHEET_ROWS_MAX),
                "pdf" => (Start::default(), export::PAPER_ROWS_MAX),
                _ => return Err(one_field("format", "应为 json、xlsx 或 pdf", "json, xlsx or pdf")),
            };
            let query = start.query(&given, &search, sort, limit);
            let rows = self.look(caller, now, |look| (list.rows)(look, &query))?;
            return match format.as_str() {
                "xlsx" => export::list_xlsx(&self.house, list, &rows, caller.lang, now),
                "pdf" => export::list_pdf(&self.house, list, &rows, caller.lang, now),
                _ => {
                    let next = turns(&start, limit, &rows)?.next.map(|next| next.cursor(list, &raw));
                    Ok(Answer::json(200, &api::rows_json(list, &rows, next, caller.lang)))
                }
            };
        }
        let start = Start::read(list, &raw)?;
        let (rows, refusal, options) = self.look(caller, now, |look| {
            let options = options(list.filters, look)?;
            match understood {
                Ok(given) => {
                    let query = start.query(&given, &search, sort, limit);
                    Ok(((list.rows)(look, &query)?, None, options))
                }
                Err(refusal) => Ok((Rows::default(), Some(refusal), options)),
            }
        })?;
        let title = words::say(caller.lang, &format!("list.{}", list.name));
        let screen = self.screen(asked, Some(caller), title, now);
        let path = url::fill(list.path, |name| raw.texts.get(name).cloned());
        let state = ListState {
            raw: &raw,
            path: &path,
            search: &search,
            sort,
            turns: turns(&start, limit, &rows)?,
            limit,
            options,
            refusal: refusal.as_ref(),
        };
        let mut answer = self.whole(&screen, &render::list(&screen, list, &state, &rows));
        if refusal.is_some() {
            answer.status = 422;
        }
        Ok(answer)
    }

    fn form(
        &self,
        act: &'static Act,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
        refusal: Option<&Refusal>,
    ) -> Result<Answer, Refusal> {
        // Who lacks the permission may still see the form of an act that was refused for it, to ask a colleague.
        if refusal.is_none() && !caller.holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let raw = asked.raw();
        // What came with the offer is not asked for again; what was typed comes back after a refusal.
        let fixed = raw.texts.get("fixed").map(String::as_str).unwrap_or_default();
        let given: BTreeMap<String, String> = if refusal.is_some() || !fixed.is_empty() {
            fixed
                .split(',')
                .filter_map(|name| raw.texts.get(name).map(|value| (name.to_owned(), value.clone())))
                .collect()
        } else {
            let offered = |name: &String| {
                name.as_str() == "version" || act.fields.iter().any(|field| field.name == name)
            };
            asked
                .query
                .iter()
                .filter(|(name, _)| offered(name))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect()
        };
        let referer = asked.header("referer").and_then(local_part).map(str::to_owned);
        let back = raw.texts.get("back").cloned().or(referer).filter(|path| url::is_local(path));
        let back = back.unwrap_or_else(|| "/".into());
        let key = match raw.texts.get("request_key") {
            Some(key) if refusal.is_some() => key.clone(),
            _ => super::random_text(16),
        };
        let signs =
            act.weight == Weight::Signed || refusal.is_some_and(|refusal| refusal.why == Why::SignFirst);
        let (options, has_passkey) = self.look(caller, now, |look| {
            let org_id = look.org_id();
            let has_passkey =
                signs && !identity::passkey::passkeys(look.tx, org_id, caller.actor.person_id)?.is_empty();
            Ok((options(act.fields, look)?, has_passkey))
        })?;
        let site = self.site();
        let title = words::say(caller.lang, &format!("act.{}", act.name));
        let screen = self.screen(asked, Some(caller), title, now);
        let state = FormState {
            act,
            given,
            raw: &raw,
            refusal,
            request_key: &key,
            back: &back,
            origin: site.as_ref().map(|site| site.origin.as_str()),
            has_passkey,
            options,
        };
        let body = render::form(&screen, &state);
        let mut answer = if asked.is_partial() && refusal.is_none() {
            Answer::page(body)
        } else {
            self.whole(&screen, &body)
        };
        if let Some(refusal) = refusal {
            answer.status = refusal.why.status();
            answer = answer.for_refusal(refusal);
        }
        Ok(answer)
    }

    fn act_from_form(
        &self,
        act: &'static Act,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let done = match self.act(act, asked, caller, now) {
            Ok(done) => done,
            // A page shows its form again with everything that was typed; a script is told what is wrong.
            Err(refusal) if asked.wants_json() || matches!(refusal.why, Why::Malformed | Why::Method) => {
                return Err(refusal);
            }
            Err(refusal) => return self.form(act, asked, caller, now, Some(&refusal)),
        };
        if asked.wants_json() {
            return Ok(answer_json(&done, caller.lang));
        }
        let back = asked.body.texts.get("back").cloned().unwrap_or_else(|| "/".into());
        let said: String = done.said.text(caller.lang).chars().take(600).collect();
        let see = done.see.as_deref().unwrap_or(&back);
        Ok(Answer::see(see).cookie("flash", &url::encode(&said), 60, false))
    }

    /// Does an act: what was asked for, by whom, once.
    pub(crate) fn act(
        &self,
        act: &'static Act,
        asked: &Asked,
        caller: &Caller,
        now: Moment,
    ) -> Result<Done, Refusal> {
        entry::require_own_page(caller, asked)?;
        let raw = asked.raw();
        let key = asked
            .header("idempotency-key")
            .map(str::to_owned)
            .or_else(|| raw.texts.get("request_key").cloned());
        let key = key.filter(|key| !key.is_empty()).ok_or_else(|| {
            Refusal::new(
                Why::KeyMissing,
                "请在 Idempotency-Key 中给出此请求的键，重复发送才不会重复办理",
                "give this request's key in Idempotency-Key, so that sending it again does nothing twice",
            )
        })?;
        if key.len() > 100 || !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(one_field(
                "Idempotency-Key",
                "应为 1 到 100 个可见字符",
                "1 to 100 visible characters",
            ));
        }
        // Who may not do it hears that first, whatever was given.
        let lender = entry::lender(self, act, &raw, asked, now)?;
        if lender.is_none() && !caller.holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let strict = asked.path.starts_with("/api/");
        let given = Given::understand(act.fields, &without_frame_fields(&raw), strict)?;
        let body = given.canonical(act.fields);
        let authority = match lender {
            Some(lender) => entry::authority(self, act, lender, &raw, asked, &key, &body, now)?,
            None => None,
        };
        entry::require_signature(self, act, &raw, caller, asked, &key, &body, now)?;
        let version = asked
            .header("if-match")
            .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned())
            .or_else(|| raw.texts.get("version").cloned())
            .filter(|version| !version.is_empty() && version != "*");
        let command = match act.run {
            Run::Command(command) => command,
            Run::Job(_) => {
                return self.jobs.queue(self, act, &raw, &given, caller, &key, &body, now);
            }
        };
        let policy = if act.closes { CheckpointPolicy::AT_ONCE } else { self.house.policy };
        let desk = Desk::new(&self.house.store, &caller.actor);
        let one = |work: &mut Work<'_, '_>| -> Result<Done, Refusal> {
            if let (Some(wanted), Some(view)) =
                (&version, act.view.and_then(|name| self.catalogue.view(name)))
            {
                let params = Given::understand(view.params, &raw, false)?;
                let sheet = (view.show)(&mut Look::new(work.tx, caller, &self.house, now), &params)?;
                if sheet.version.as_ref().is_some_and(|found| found != wanted) {
                    return Err(Refusal::new(
                        Why::Changed,
                        "此内容在您查看之后已被更改，请核对后重新提交",
                        "it has changed since you looked; look again before you submit",
                    ));
                }
            }
            if let Some((authority, unit_id)) = &authority {
                work.with_authority(authority, identity::Permission(act.permission), *unit_id, act.name)?;
            }
            let done = command(work, &given, &self.house)?;
            if act.name.starts_with("identity.") {
                vault::absorb_identity(work)?;
            }
            vault::checkpoint_if_due(work, &self.house.signers, policy)?;
            Ok(done)
        };
        if act.on_alarm {
            return desk.act_on_alarm_once(now, act.name, &key, &body, one);
        }
        desk.act_once(now, act.name, &key, &body, one)
    }

    fn find(&self, asked: &Asked, caller: &Caller, now: Moment) -> Result<Answer, Refusal> {
        let wanted: String =
            asked.query.get("q").map_or("", String::as_str).trim().chars().take(100).collect();
        let path = self.look(caller, now, |look| crate::page::find(look, &wanted))?;
        Ok(Answer::see(&path))
    }
}

/// May this person see the page?
pub fn may(who: Who, caller: Option<&Caller>) -> bool {
    match (who, caller) {
        (Who::Anybody, _) | (Who::Staff, Some(_)) => true,
        (Who::Holder(permission), Some(caller)) => caller.holds(permission),
        (_, None) => false,
    }
}

fn not_logged_in() -> Refusal {
    Refusal::new(Why::NotLoggedIn, "请先登录", "please log in first")
}

/// What the frame itself puts into a form.
const FRAME_FIELDS: &[&str] = &[
    "csrf",
    "request_key",
    "back",
    "fixed",
    "version",
    "act",
    "authority_login",
    "authority_password",
    "authority_passkey",
    "sign_password",
    "sign_passkey",
    "sure",
];

fn without_frame_fields(raw: &Raw) -> Raw {
    let mut raw = raw.clone();
    raw.texts.retain(|name, _| !FRAME_FIELDS.contains(&name.as_str()));
    raw
}

fn answer_json(done: &Done, lang: Lang) -> Answer {
    Answer::json(200, &json!({ "said": done.said.text(lang), "see": done.see, "facts": done.facts }))
}

/// The path of a page of this house that a browser came from.
fn local_part(referer: &str) -> Option<&str> {
    let rest = referer.split_once("://")?.1;
    rest.find('/').map(|at| &rest[at..])
}

fn sorting(list: &'static List, wanted: &str) -> Result<Option<(&'static str, bool)>, Refusal> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let (name, down) = wanted.strip_prefix('-').map_or((wanted, false), |name| (name, true));
    let found = list.columns.iter().find(|column| column.sorts && column.name == name);
    found.map(|column| Some((column.name, down))).ok_or_else(|| {
        let names: Vec<&str> = list.columns.iter().filter(|c| c.sorts).map(|c| c.name).collect();
        one_field(
            "sort",
            &format!("可按 {} 排序，前加 - 为降序", names.join("、")),
            &format!("one of {}, with - for descending", names.join(", ")),
        )
    })
}

/// Codes and words by field.
type Options = BTreeMap<&'static str, Vec<(String, String)>>;

/// The choices of fields that are looked up.
fn options(fields: &[Field], look: &mut Look<'_, '_>) -> Result<Options, Refusal> {
    let lang = look.lang();
    let mut options = BTreeMap::new();
    for field in fields {
        if let Takes::Option(find) = field.takes {
            let found = find(look)?;
            options
                .insert(field.name, found.into_iter().map(|(code, text)| (code, text.text(lang))).collect());
        }
    }
    Ok(options)
}
