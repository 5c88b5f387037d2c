//! Who issues tokens: `issuers.txt`, which says how it is written, and the files of whoever ships the app.

use std::collections::BTreeMap;
use std::path::Path;

const LIST: &str = include_str!("issuers.txt");

/// One issuer, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name in the store and in lists of providers.
    pub name: String,
    /// Where the user signs in, in a browser (RFC 6749 section 3.1).
    pub authorize: String,
    /// Where tokens come from (RFC 6749 section 3.2).
    pub token: String,
    /// Where a token is called back (RFC 7009); empty = nowhere.
    pub revoke: String,
    /// What is asked for, separated by spaces.
    pub scopes: String,
    /// More parameters of the authorization request, as in a query.
    pub more: String,
    /// Who we are.
    pub client: String,
    /// Empty for most.
    pub secret: String,
}

/// All issuers that have a client id.
#[derive(Debug, Clone, Default)]
pub struct Issuers(BTreeMap<String, Issuer>);

impl Issuers {
    /// Our own list, then what the file that MALOTE_ISSUERS names says, then what the one beside the data says: the last one counts.
    pub fn load(data: &Path) -> Self {
        let named = std::env::var_os("MALOTE_ISSUERS").map(std::path::PathBuf::from);
        let files = named.into_iter().chain([data.join("issuers.txt")]);
        let texts = files.filter_map(|f| std::fs::read_to_string(f).ok());
        let mut all = BTreeMap::new();
        for text in std::iter::once(LIST.to_owned()).chain(texts) {
            all.extend(text.lines().filter_map(read).map(|i| (i.name.clone(), i)));
        }
        all.retain(|_, i| !i.client.is_empty());
        Self(all)
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Issuer> {
        self.0.get(name)
    }

    /// True where tokens can be had.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

fn read(line: &str) -> Option<Issuer> {
    let columns: Vec<String> = line
        .split('|')
        .map(|c| c.trim())
        .map(|c| if c == "-" { String::new() } else { c.to_owned() })
        .collect();
    let [name, authorize, token, revoke, scopes, more, client, secret] =
        <[String; 8]>::try_from(columns).ok()?;
    (!name.starts_with('#')).then_some(Issuer {
        name,
        authorize,
        token,
        revoke,
        scopes,
        more,
        client,
        secret,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_nobody_is_offered_without_a_client() -> std::io::Result<()> {
        let lines = LIST.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        assert!(lines.clone().all(|l| read(l).is_some_and(|i| i.token.starts_with("https://"))));
        let dir = tempfile::tempdir()?;
        assert!(!Issuers::load(dir.path()).has("google"));
        let line = lines.clone().find(|l| l.starts_with("google")).unwrap_or_default();
        std::fs::write(dir.path().join("issuers.txt"), line.replace("| - | -", "| me | -"))?;
        let issuers = Issuers::load(dir.path());
        assert_eq!(issuers.get("google").map(|i| i.client.as_str()), Some("me"));
        assert!(!issuers.has("microsoft"));
        Ok(())
    }
}
