//! `ACCESS_TEAM` and `ACCESS_AUD`: whose Cloudflare Access admits people to the console and the API.

use super::{Environment, Reader};
use crate::{access::Access, target};

pub(super) const ACCESS_TEAM: &str = "ACCESS_TEAM";
pub(super) const ACCESS_AUD: &str = "ACCESS_AUD";
/// What follows the name of a team.
const DOMAIN: &str = ".cloudflareaccess.com";

impl<E: Environment> Reader<'_, E> {
    /// `None` if neither is set, or one of them cannot count: then Access admits nobody.
    pub(super) fn access(&mut self) -> Option<Access> {
        let text = |name| self.env.text(name).unwrap_or_default();
        let (team, audiences) = (text(ACCESS_TEAM), text(ACCESS_AUD));
        let audiences: Vec<_> = audiences.split_whitespace().map(str::to_owned).collect();
        match (team.trim(), audiences.is_empty()) {
            ("", true) => None,
            ("", false) => {
                self.mistake(ACCESS_TEAM, "is missing, so ACCESS_AUD does nothing: it is your team's name in Cloudflare Access");
                None
            }
            (_, true) => {
                self.mistake(
                    ACCESS_AUD,
                    "is missing, so ACCESS_TEAM does nothing: it is the audience tag of your application in Cloudflare \
                     Access; several are separated by spaces",
                );
                None
            }
            (team, false) => Some(Access {
                issuer: self.team_origin(team)?,
                audiences,
            }),
        }
    }

    /// A team is given by its name, or by its address as Cloudflare shows it.
    fn team_origin(&mut self, team: &str) -> Option<String> {
        let url = match team {
            url if url.contains("://") => url.to_owned(),
            host if host.ends_with(DOMAIN) => format!("https://{host}"),
            name => format!("https://{name}{DOMAIN}"),
        };
        let parse_url = self.env.parse_url();
        let is_allowed = target::check(parse_url, &url, self.allow_local).is_ok();
        let origin =
            parse_url(&url).filter(|url| is_allowed && url.path == "/" && url.query.is_empty());
        // On a laptop a team may be a stand-in. Anywhere else its keys come from Cloudflare and nobody else.
        let origin = origin
            .map(|url| url.origin)
            .filter(|origin| self.allow_local || origin.ends_with(DOMAIN));
        if origin.is_none() {
            self.mistake(
                ACCESS_TEAM,
                "must be your team's name in Cloudflare Access: the first part of <name>.cloudflareaccess.com",
            );
        }
        origin
    }
}
