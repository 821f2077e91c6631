//! The typed confirmation before anything is written.

use tui_input::Input;

use super::{
    super::{
        action::Action,
        effect::Effect,
        key::Key,
        line_input,
        model::{
            Model,
            overlay::{ConfirmBox, ConfirmFocus, Deed, Overlay},
            plan::PlanPage,
        },
    },
    overlay::step,
    plan,
};

/// Asks for a confirmation of this deed, on the plan that is shown.
pub fn open(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let Some(view) = model.plan.as_ref().and_then(PlanPage::view) else { return Vec::new() };
    let wanted = view.confirm(&deed.items, &model.setting);
    model.overlay = Some(Overlay::Confirm(ConfirmBox {
        deed,
        wanted,
        input: Input::default(),
        focus: ConfirmFocus::default(),
        note: None,
    }));
    Vec::new()
}

/// Focus starts on Cancel. Enter there closes; in the text it moves on to the button only if the text
/// is right; only on the button, with the right text, it acts.
pub fn press(model: &mut Model, mut confirm: ConfirmBox, key: Key, action: Option<Action>) -> Vec<Effect> {
    confirm.note = None;
    let fits = confirm.wanted.accepts(confirm.input.value());
    match (action, confirm.focus) {
        (Some(Action::Dismiss), _) | (Some(Action::Accept), ConfirmFocus::Cancel) => return Vec::new(),
        (Some(Action::Accept), ConfirmFocus::Go) if fits => {
            return plan::run(model, &confirm.deed);
        }
        (Some(Action::Accept), ConfirmFocus::Text) if fits => confirm.focus = ConfirmFocus::Go,
        (Some(Action::Accept), _) => {
            confirm.note = Some("That is not what is asked for.".to_owned());
            confirm.focus = ConfirmFocus::Text;
        }
        (Some(Action::NextButton | Action::PrevButton), focus)
            if focus != ConfirmFocus::Text || !line_input::is_horizontal(key) =>
        {
            // The button cannot be reached before the text is right.
            let order: &[ConfirmFocus] = if fits {
                &[ConfirmFocus::Cancel, ConfirmFocus::Text, ConfirmFocus::Go]
            } else {
                &[ConfirmFocus::Cancel, ConfirmFocus::Text]
            };
            confirm.focus = step(order, focus, action);
        }
        _ => {
            let before = confirm.input.value().to_owned();
            line_input::edit(&mut confirm.input, key);
            if confirm.input.value() != before {
                confirm.focus = ConfirmFocus::Text;
            }
        }
    }
    model.overlay = Some(Overlay::Confirm(confirm));
    Vec::new()
}
