//! Pages of one list from several inboxes, put together: newest first, with no gap and no repeat.

/// A page: lines that begin with an id and a space, the greatest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// An id, a space, and its JSON.
    pub lines: Vec<String>,
    /// Before which id it goes on; `None` if this is all.
    pub rest: Option<String>,
}

impl Page {
    /// A page as an inbox answers it: where it goes on in the first line, then the others.
    pub fn read(answer: &str) -> Self {
        let mut lines = answer.split('\n').map(str::to_owned);
        Self {
            rest: lines.next().filter(|rest| !rest.is_empty()),
            lines: lines.collect(),
        }
    }

    /// The first `limit` lines of all pages. What is older than the end of one of them has to wait: that
    /// inbox may have something newer.
    pub fn of(pages: &[Self], limit: usize) -> Self {
        let mut all = Self::default();
        for page in pages {
            if page.rest > all.rest {
                all.rest.clone_from(&page.rest);
            }
        }
        let mut queues: Vec<_> = pages.iter().map(|page| page.lines.as_slice()).collect();
        loop {
            let mut newest: Option<&mut &[String]> = None;
            for queue in &mut queues {
                // Ids are all different and of one length, so lines sort as they do.
                if newest
                    .as_ref()
                    .is_none_or(|newest| queue.first() > newest.first())
                {
                    newest = Some(queue);
                }
            }
            let Some(queue) = newest else { break };
            let Some((line, others)) = queue.split_first() else {
                break;
            };
            if all.rest.as_ref().is_some_and(|rest| line < rest) {
                break;
            }
            if all.lines.len() == limit {
                let last = all.lines.last().and_then(|line| line.split_once(' '));
                all.rest = last.map(|(id, _)| id.to_owned());
                break;
            }
            all.lines.push(line.clone());
            *queue = others;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &str, rest: &str) -> Page {
        let lines = ids.chars().map(|id| format!("{id} <{id}>"));
        let answer: Vec<_> = std::iter::once(rest.to_owned()).chain(lines).collect();
        Page::read(&answer.join("\n"))
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let page = page("cb", "b");
        assert_eq!(page.rest.as_deref(), Some("b"));
        assert_eq!(page.lines[1], "b <b>");
        assert_eq!(Page::read(""), Page::default());
    }

    #[test]
    fn the_newest_of_all_come_first() {
        let all = Page::of(&[page("fca", ""), page("e", ""), page("", "")], 9);
        assert_eq!(all, page("feca", ""));
    }

    #[test]
    fn a_list_that_is_cut_goes_on_behind_its_last() {
        assert_eq!(
            Page::of(&[page("fc", ""), page("e", "")], 2),
            page("fe", "e")
        );
        assert_eq!(Page::of(&[page("f", ""), page("e", "")], 2), page("fe", ""));
    }

    #[test]
    fn what_is_older_than_the_end_of_a_page_has_to_wait() {
        // The first inbox may have more between d and a.
        let all = Page::of(&[page("fd", "d"), page("ea", "")], 9);
        assert_eq!(all, page("fed", "d"));
        // It has looked down to b and found nothing.
        assert_eq!(
            Page::of(&[page("", "b"), page("ea", "")], 9),
            page("e", "b")
        );
    }

    #[test]
    fn paging_through_gives_each_once() {
        let inboxes = ["zxvq", "ywu", "", "tsr"];
        let (mut seen, mut before) = (String::new(), "~".to_owned());
        loop {
            // Two at a time from each.
            let pages = inboxes.map(|ids| {
                let ids: String = ids
                    .chars()
                    .filter(|id| id.to_string() < before)
                    .take(2)
                    .collect();
                let last = ids.chars().last().filter(|_| ids.len() == 2);
                page(&ids, &last.map(String::from).unwrap_or_default())
            });
            let one = Page::of(&pages, 2);
            seen.extend(one.lines.iter().map(|line| &line[..1]));
            let Some(rest) = one.rest else { break };
            before = rest;
        }
        assert_eq!(seen, "zyxwvutsrq");
    }
}
