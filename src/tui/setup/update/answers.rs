//! What comes back from the Desk.

use super::{
    super::{
        super::scroll::Scroll,
        choices::Choices,
        desk::{Census, Preview, Refusal, Saved, Tested},
        model::{Effect, Page, Setup},
    },
    pages,
};

pub fn tested(model: &mut Setup, generation: u64, answer: Result<Tested, Refusal>) -> Vec<Effect> {
    let wanted = generation == model.generation;
    if let (Page::Test(page), true) = (&mut model.page, wanted) {
        page.answer = Some(answer);
        page.chosen = 0;
    }
    Vec::new()
}

pub fn counted(model: &mut Setup, generation: u64, answer: Result<Census, Refusal>) -> Vec<Effect> {
    let wanted = generation == model.generation;
    let Page::Test(page) = &mut model.page else { return Vec::new() };
    if !wanted {
        return Vec::new();
    }
    page.counting = false;
    match answer {
        Ok(census) => {
            model.tested = Some(page.draft.clone());
            pages::choose(model, Choices::new(census));
        }
        Err(refusal) => page.answer = Some(Err(refusal)),
    }
    Vec::new()
}

pub fn previewed(model: &mut Setup, generation: u64, answer: Result<Preview, Refusal>) -> Vec<Effect> {
    let wanted = generation == model.generation;
    if let (Page::File(page), true) = (&mut model.page, wanted) {
        page.answer = Some(answer);
    }
    Vec::new()
}

pub fn saved(model: &mut Setup, answer: Result<Saved, Refusal>) -> Vec<Effect> {
    let Page::File(page) = &mut model.page else { return Vec::new() };
    page.saving = false;
    match answer {
        Ok(saved) => {
            model.written = true;
            model.page = Page::Done { saved, chosen: 0, scroll: Scroll::default() };
        }
        Err(refusal) => {
            page.answer = Some(Err(refusal));
            page.chosen = 0;
        }
    }
    Vec::new()
}
