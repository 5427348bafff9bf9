//! Suites and cases, before they are XML.

/// One architecture.
pub(super) struct Suite {
    pub(super) name: String,
    /// What readers group cases by: `Linux 7.3.4.tiny.arm64`.
    pub(super) class: String,
    /// Names differ: readers take the first of two with the same name.
    pub(super) cases: Vec<Case>,
}

/// One layer, one build, or what belongs to none.
pub(super) struct Case {
    pub(super) name: String,
    /// Wall time; 0 where none was measured.
    pub(super) seconds: f64,
    pub(super) result: Result,
    /// What is said without failing it.
    pub(super) out: String,
}

/// How a case ended.
pub(super) enum Result {
    Passed,
    /// Message and body of each failure.
    Failed(Vec<(String, String)>),
    Error(String),
    Skipped(String),
}

impl Case {
    pub(super) fn new(name: &str) -> Self {
        let (name, out) = (name.to_owned(), String::new());
        Self { name, seconds: 0.0, result: Result::Passed, out }
    }

    pub(super) fn result(mut self, result: Result) -> Self {
        self.result = result;
        self
    }

    /// One more thing to say.
    pub(super) fn tell(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text);
    }
}

impl Suite {
    /// Adds a case, or to the case of that name.
    pub(super) fn add(&mut self, new: Case) {
        let Some(case) = self.cases.iter_mut().find(|case| case.name == new.name) else {
            self.cases.push(new);
            return;
        };
        case.seconds += new.seconds;
        if !new.out.is_empty() {
            case.tell(&new.out);
        }
        match (&mut case.result, new.result) {
            (Result::Failed(failures), Result::Failed(more)) => failures.extend(more),
            (
                Result::Passed | Result::Skipped(_),
                result @ (Result::Failed(_) | Result::Error(_)),
            ) => {
                case.result = result;
            }
            _ => {}
        }
    }

    /// Changes the case of that name, made if it is not there yet.
    pub(super) fn with(&mut self, name: &str, change: impl FnOnce(&mut Case)) {
        if let Some(case) = self.cases.iter_mut().find(|case| case.name == name) {
            return change(case);
        }
        let mut case = Case::new(name);
        change(&mut case);
        self.cases.push(case);
    }
}
