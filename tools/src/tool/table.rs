//! What a reading tool found.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Rows of named columns, for a terminal and for JSON alike.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table {
    /// What the columns are called.
    pub columns: Vec<Cow<'static, str>>,
    /// One value a column.
    pub rows: Vec<Vec<Value>>,
    /// What a person should know of it.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.iter().copied().map(Cow::Borrowed).collect(), ..Self::default() }
    }

    pub(crate) fn row(&mut self, values: Vec<Value>) {
        self.rows.push(values);
    }

    /// The rows as JSON objects.
    #[must_use]
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Value>| {
            let pairs = self.columns.iter().zip(row).map(|(column, value)| (column.to_string(), value.clone()));
            Value::Object(pairs.collect::<Map<String, Value>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }
}
