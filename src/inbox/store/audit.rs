//! The record of what operators did.

use edge_core::{
    id::ActionId,
    messages::audit::{Action, KEPT_ACTIONS},
};
use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Records an action, and forgets the oldest beyond those that are kept.
    pub(in crate::inbox) fn record_action(&self, action: &Action) -> Result<()> {
        let json = serde_json::to_string(action)?;
        let kept = u32::try_from(KEPT_ACTIONS).unwrap_or(u32::MAX);
        self.transaction(|| {
            self.sql.run(
                "INSERT OR IGNORE INTO audit VALUES (?, ?)",
                values![action.id.to_string(), json.as_str()],
            )?;
            self.sql.run(
                "DELETE FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?)",
                values![kept],
            )
        })
    }

    /// The newest actions, or those before this one.
    pub(in crate::inbox) fn actions(
        &self,
        before: Option<ActionId>,
        limit: usize,
    ) -> Result<Vec<Action>> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let before = before.map(|id| id.to_string());
        let rows = self.sql.rows(
            "SELECT action FROM audit WHERE id < coalesce(?, 'g') ORDER BY id DESC LIMIT ?",
            values![before, limit],
        )?;
        rows.into_iter()
            .map(|mut row| Ok(serde_json::from_str(&row.text()?)?))
            .collect()
    }
}
