//! The list of backends that lld hands to a distributor.
//!
//! Source: `llvm/docs/DTLTO.rst` and `llvm/lib/LTO/LTO.cpp` (`OutOfProcessThinBackend`), LLVM 22.

use crate::kbuild::normalize_path;
use serde::Deserialize;
use std::collections::BTreeSet;

/// All backends of one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobList {
    /// What lld is about to link.
    pub output: String,
    /// The backends, in link order.
    pub jobs: Vec<Job>,
}

/// One backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The compiler and its arguments.
    pub argv: Vec<String>,
    /// The IR object.
    pub object: String,
    /// Its index.
    pub index: String,
    /// The native object that it makes.
    pub output: String,
    /// Everything that it reads.
    pub inputs: Vec<String>,
}

#[derive(Deserialize)]
struct Text {
    common: Common,
    jobs: Vec<One>,
}

#[derive(Deserialize)]
struct Common {
    linker_output: String,
    args: Vec<String>,
    #[serde(default)]
    inputs: Vec<String>,
}

#[derive(Deserialize)]
struct One {
    args: Vec<String>,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

const INDEX: &str = "-fthinlto-index=";

impl JobList {
    /// Reads the list.
    ///
    /// # Errors
    ///
    /// What is wrong with it: no such JSON, a job without a compiler, an index or exactly one
    /// output, two jobs that write one file.
    pub fn parse(json: &str) -> Result<Self, String> {
        let text: Text = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut jobs = Vec::with_capacity(text.jobs.len());
        let mut outputs = BTreeSet::new();
        for (number, one) in text.jobs.iter().enumerate() {
            let job = job(&text.common, one).map_err(|why| format!("job {}: {why}", number + 1))?;
            if !outputs.insert(job.output.clone()) {
                return Err(format!("two jobs write {}", job.output));
            }
            jobs.push(job);
        }
        Ok(Self { output: text.common.linker_output, jobs })
    }
}

fn job(common: &Common, one: &One) -> Result<Job, String> {
    if common.args.is_empty() {
        return Err("it names no compiler".to_owned());
    }
    let [output] = one.outputs.as_slice() else {
        return Err(format!("it has {} outputs, not one", one.outputs.len()));
    };
    let object = one.inputs.first().ok_or_else(|| "it has no input".to_owned())?;
    let index = one.args.iter().find_map(|word| word.strip_prefix(INDEX));
    let index =
        index.filter(|index| !index.is_empty()).ok_or_else(|| "it has no index".to_owned())?;
    Ok(Job {
        argv: common.args.iter().chain(&one.args).cloned().collect(),
        object: object.clone(),
        index: index.to_owned(),
        output: output.clone(),
        inputs: common.inputs.iter().chain(&one.inputs).cloned().collect(),
    })
}

impl Job {
    /// Whether its IR object lies in the directory that the link runs in.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        normalize_path(&self.object).is_some_and(|path| path == self.object)
            && !self.object.starts_with('/')
    }

    /// The same backend with another index and another output.
    #[must_use]
    pub fn argv_with(&self, index: &str, output: &str) -> Vec<String> {
        let word = |word: &String| match word {
            word if word.strip_prefix(INDEX) == Some(&self.index) => format!("{INDEX}{index}"),
            word if *word == self.output => output.to_owned(),
            word => word.clone(),
        };
        self.argv.iter().map(word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = r#"{"common":{"linker_output":"v.o","args":["clang","-c","-O2"],"inputs":[]},
        "jobs":[{"args":["a/b.o","-fthinlto-index=t/b.1.bc","-o","t/b.1.o"],
                 "inputs":["a/b.o","t/b.1.bc","c.o"],"outputs":["t/b.1.o"]}]}"#;

    #[test]
    fn a_list_as_lld_writes_it() {
        let list = JobList::parse(LIST).unwrap();
        let [job] = list.jobs.as_slice() else { panic!("one job") };
        assert_eq!((job.object.as_str(), job.index.as_str()), ("a/b.o", "t/b.1.bc"));
        assert!(job.is_inside());
        let again = job.argv_with("a/b.o.thinlto.bc", "a/b.thinlto-native.o").join(" ");
        assert_eq!(
            again,
            "clang -c -O2 a/b.o -fthinlto-index=a/b.o.thinlto.bc -o a/b.thinlto-native.o"
        );
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (change, why) in [
            (("t/b.1.o\"]", "t/b.1.o\",\"x\"]"), "job 1: it has 2 outputs, not one"),
            (("-fthinlto-index=t/b.1.bc", "-x"), "job 1: it has no index"),
            (("\"clang\",\"-c\",\"-O2\"", ""), "job 1: it names no compiler"),
        ] {
            assert_eq!(JobList::parse(&LIST.replace(change.0, change.1)).unwrap_err(), why);
        }
        let job = LIST.split_once("\"jobs\":[").unwrap().1.strip_suffix("]}").unwrap();
        let twice = LIST.replace(job, &format!("{job},{job}"));
        assert_eq!(JobList::parse(&twice).unwrap_err(), "two jobs write t/b.1.o");
        let outside = JobList::parse(&LIST.replace("a/b.o", "../b.o")).unwrap();
        assert!(!outside.jobs.first().unwrap().is_inside());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}", at in 0..LIST.len()) {
            let _ = JobList::parse(&text);
            let _ = JobList::parse(LIST.get(..at).unwrap_or_default());
        }
    }
}
