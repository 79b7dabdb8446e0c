//! Filling and sending the forms of acts, as a person does.

use fantoccini::key::Key;
use serde_json::json;

use super::person::Person;
use crate::house::PASSWORD;

impl Person {
    /// Opens the form of an act that this page offers, with these of its fields settled.
    pub fn offered(&self, act: &str, given: &[(&str, &str)]) {
        let given: serde_json::Map<_, _> =
            given.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let what = format!("the offer of {act} {given:?}");
        self.click(
            &what,
            "const found = offers(args[0], args[1])[0]; return found && answer(found);",
            &[json!(act), given.into()],
        );
        self.until(&format!("the form of {act}"), "return !busy() && !!actForm(args[0]);", &[json!(act)]);
    }

    /// Does an act that this page offers: opens its form, fills it, sends it. Refused, the test fails.
    pub fn does(&self, act: &str, given: &[(&str, &str)], fields: &[(&str, &str)]) {
        self.offered(act, given);
        if let Some(why) = self.completes(act, fields) {
            self.fail(&format!("{act} was refused: {why}"));
        }
    }

    /// Does an act from the page of its form.
    pub fn does_from_form(&self, act: &str, given: &[(&str, &str)], fields: &[(&str, &str)]) {
        self.open_form(act, given);
        if let Some(why) = self.completes(act, fields) {
            self.fail(&format!("{act} was refused: {why}"));
        }
    }

    /// Tries an act from the page of its form; it must be refused. Answers why.
    pub fn is_refused(&self, act: &str, given: &[(&str, &str)], fields: &[(&str, &str)]) -> String {
        self.open_form(act, given);
        self.completes(act, fields).unwrap_or_else(|| self.fail(&format!("{act} was done")))
    }

    /// The page of an act's form.
    pub fn open_form(&self, act: &str, given: &[(&str, &str)]) {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in given {
            query.append_pair(name, value);
        }
        self.open(&format!("/acts/{act}?{}", query.finish()));
        self.until(&format!("the form of {act}"), "return !!actForm(args[0]);", &[json!(act)]);
    }

    /// Fills the open form of an act and sends it; none when it was done, else what it was refused for.
    fn completes(&self, act: &str, fields: &[(&str, &str)]) -> Option<String> {
        for (name, value) in fields {
            self.fill(name, value);
        }
        let script =
            "const form = actForm(args[0]); const sign = field(form, 'sign_password'); return shown(sign);";
        if self.asks(script, &[json!(act)]) == json!(true) {
            self.fill("sign_password", PASSWORD);
        }
        self.picture(&format!("form-{act}"));
        self.asks("actForm(args[0]).dataset.sent = 'yes';", &[json!(act)]);
        self.click(
            "the form's button",
            "const found = actForm(args[0]).querySelector('.form-end button[type=submit]'); return { element: found };",
            &[json!(act)],
        );
        // What weighs much asks once more.
        if self.asks("return !!document.querySelector('dialog#ask[open]');", &[]) == json!(true) {
            self.click("yes", "return { element: scope.querySelector('button[value=yes]') };", &[]);
        }
        let invalid = "const form = actForm(args[0]); const bad = form && form.dataset.sent && form.querySelector(':invalid');
            return bad ? `${bad.name}: ${bad.validationMessage}` : null;";
        self.until(
            &format!("what became of {act}"),
            &format!("const wrong = (() => {{ {invalid} }})(); return !!wrong || !busy();"),
            &[json!(act)],
        );
        let refused = self.asks(
            &format!(
                "const wrong = (() => {{ {invalid} }})(); if (wrong) return wrong;
                const form = actForm(args[0]); const said = document.querySelector('#act .say.bad, .problem .say.bad');
                const wrongs = form ? [...form.querySelectorAll('.wrong')].map(words) : [];
                return said && shown(said) ? [words(said), ...wrongs].join(' | ') : (form ? 'the form is still there' : null);"
            ),
            &[json!(act)],
        );
        refused.as_str().map(str::to_owned)
    }

    /// Fills the field with this name or label: types, picks, ticks, or attaches a file.
    pub fn fill(&self, name: &str, value: &str) {
        let script = "const found = field(dialogs.length ? scope : document.querySelector('main'), args[0]);
            if (!found) return null;
            const kind = found.tagName === 'SELECT' ? 'select' : found.tagName === 'TEXTAREA' ? 'text' : found.type;
            const put = () => { for (const event of ['input', 'change']) found.dispatchEvent(new Event(event, { bubbles: true })); };
            if (kind === 'select') {
                const option = [...found.options].find((o) => o.value === args[1]) || [...found.options].find((o) => o.text.includes(args[1]));
                if (!option) return { missing: [...found.options].map((o) => `${o.value} ${o.text}`).join('; ') };
                found.value = option.value; put();
            }
            if (kind === 'date' || kind === 'month') { found.value = args[1]; put(); }
            if (kind === 'radio') {
                const one = [...found.form.elements[found.name]].find((e) => e.value === args[1]);
                if (one && !one.checked) return { kind: 'click', element: one };
            }
            if (kind === 'checkbox' && found.checked !== (args[1] === 'true')) return { kind: 'click', element: found };
            return { kind, element: found };";
        let found = self.finds(&format!("the field {name}"), script, &[json!(name), json!(value)]);
        if let Some(missing) = found["missing"].as_str() {
            self.fail(&format!("{name} does not offer {value}: {missing}"));
        }
        let element = self.element(&found);
        match found["kind"].as_str().unwrap_or_default() {
            "click" => self.wait(element.click()).unwrap(),
            "select" | "date" | "month" | "radio" | "checkbox" => {}
            "file" => self.wait(element.send_keys(value)).unwrap(),
            _ => {
                self.wait(element.clear()).unwrap();
                self.wait(element.send_keys(value)).unwrap();
            }
        }
    }

    /// Types into whatever has the focus, a key or text at a time.
    pub fn types(&self, text: &str) {
        let element = self.wait(self.client().active_element()).unwrap();
        self.wait(element.send_keys(text)).unwrap();
    }

    /// Presses a key.
    pub fn key(&self, key: Key) {
        let key: char = key.into();
        self.types(&key.to_string());
    }
}
