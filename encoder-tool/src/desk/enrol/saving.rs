//! Stores a person, or more photos of somebody, once the person has agreed.

use super::looking::require_confirmed;
use crate::desk::days;
use crate::desk::lock::lock;
use crate::desk::opaque;
use crate::desk::people::person_with_key;
use crate::desk::request::Request;
use crate::desk::site::Site;
use anyhow::{Context, bail};
use jiff::ZonedDateTime;

/// Stores, and returns the person's key.
///
/// # Errors
/// If the person has not agreed, something is missing, or a file cannot be written. Nothing is stored then.
pub(super) fn stored(site: &Site, request: &Request) -> anyhow::Result<String> {
    let t = site.texts;
    let photos: Vec<Vec<u8>> = {
        let mut drafts = lock(&site.drafts);
        let draft = drafts.with_id(request.form("draft")).context(t.draft_gone)?;
        if !draft.candidates().is_empty() {
            bail!("{}", t.choose_first);
        }
        require_confirmed(site, draft, request)?;
        draft.photos.iter().map(|taken| taken.jpeg.clone()).collect()
    };
    let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
    let today = ZonedDateTime::now().date().to_string();
    let has_agreed = request.form("agreed") == "yes";
    let basis = match request.form("basis").trim() {
        basis if basis == t.basis_consent => format!("{basis} {today}"),
        basis => basis.to_owned(),
    };
    let with_consent = |needed: bool| {
        if needed && !has_agreed {
            bail!("{}", t.not_agreed);
        }
        if needed && basis.is_empty() {
            bail!("{}", t.no_basis);
        }
        Ok(if needed { vec![("basis", basis.as_str()), ("informed_on", today.as_str())] } else { Vec::new() })
    };
    let key = request.form("person");
    if !key.is_empty() {
        return site.change(|office| {
            let person = person_with_key(office, key).context(t.person_gone)?;
            if photos.is_empty() {
                bail!("{}", t.no_photos_yet);
            }
            let consent = with_consent(office.field(person, "informed_on").is_empty())?;
            if office.field(person, "mode") == "card" {
                bail!("{}", t.card_needs_no_photo);
            }
            office.add_photos(person, &consent, &photos)?;
            Ok(key.to_owned())
        });
    }
    let is_card_holder = request.form("mode") == "card";
    if photos.is_empty() && !is_card_holder {
        bail!("{}", t.no_photos_yet);
    }
    if !photos.is_empty() && is_card_holder {
        bail!("{}", t.card_needs_no_photo);
    }
    // A card is no biometric data: there is nothing to agree to.
    let mut fields = match is_card_holder {
        true if basis.starts_with(t.basis_consent) || basis.is_empty() => vec![("basis", t.basis_card)],
        true => vec![("basis", basis.as_str())],
        false => with_consent(true)?,
    };
    for column in ["groups", "mode", "cards", "valid_to", "keep_until"] {
        let text = request.form(column).trim();
        if !text.is_empty() {
            fields.push((column, text));
        }
    }
    days::require_plausible(t, &fields, |_| "")?;
    let name = site.change(|office| office.enrol(request.form("name"), &fields, &request.all("schedule"), &photos))?;
    Ok(opaque::of_person(&name))
}
