//! Reading the list: filters, columns, sorting, copying, reading again, and what is kept of it.

use std::sync::Arc;

use mothball::{
    domain::{ClientId, ConfigId},
    tui::{
        columns::Column,
        desk::{KeptColumn, LoadNews, Trouble, View},
        effect::Effect,
        filter,
        message::{Message, Mouse, MouseKind},
        model::{data::LinksState, overlay::Overlay},
        order, update,
    },
};

use super::world::{Screen, World, details, now};

/// The titles of the columns in sight, as the header shows them.
fn columns(screen: &Screen) -> Vec<Column> {
    let table = screen.model.review.table(screen.model.table_room());
    table.slots.into_iter().map(|slot| slot.column).collect()
}

fn shown(screen: &Screen) -> Vec<String> {
    let review = &screen.model.review;
    review.shown.iter().map(|at| review.data.entry(*at).row.configuration.title()).collect()
}

fn copied(screen: &Screen) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(text).collect()
}

fn remembered(screen: &Screen) -> Vec<View> {
    let view = |effect: &Effect| match effect {
        Effect::Remember { view, .. } => Some(view.clone()),
        _ => None,
    };
    screen.asked.iter().filter_map(view).collect()
}

#[test]
fn clients_of_the_same_name_are_told_apart_and_the_others_stay_as_they_are() {
    let mut world = World::small();
    world.clients[3].client.name = "acme dental ".into();
    for (width, height) in [(120, 40), (60, 20)] {
        let screen = Screen::new(world.clone(), width, height);
        let text = screen.text();
        assert!(text.contains("#7 ! 6") && text.contains("#44 0"), "{text}");
        assert!(!text.contains("#12"), "{text}");
    }
    let mut screen = Screen::new(world, 40, 10);
    screen.keys("tab");
    assert!(screen.text().contains("#7 Acme Dental"), "{}", screen.text());
}

// Filter

#[test]
fn a_filter_knows_fields_phrases_negation_and_the_vendors_own_fields() {
    let mut world = World::small();
    world.rows[1].configuration.details = details(&[("Manufacturer", "Dell"), ("Model", "R740 xd")]);
    for (typed, expected) in [
        ("serial:102", vec!["SRV-DC2"]),
        ("model:\"r740 xd\"", vec!["SRV-DC2"]),
        ("srv !model:\"r740 xd\"", vec!["SRV-DC1"]),
        ("\"DC1\"", vec!["SRV-DC1"]),
        ("is:mixed", vec!["PC-RECEPTION"]),
        ("is:protected", vec!["acme-dental.example"]),
        ("type:firewall !name:10", vec!["FW-2"]),
        ("updated:<103d type:fire", vec!["FW-10"]),
    ] {
        let mut screen = Screen::new(world.clone(), 100, 30);
        screen.keys("tab /").write(typed).keys("enter");
        assert_eq!(shown(&screen), expected, "{typed}: {}", screen.note());
    }
}

#[test]
fn a_field_that_is_not_known_is_said_and_nothing_fits_it() {
    let mut screen = Screen::small(120, 30);
    screen.keys("tab /").write("modle:r640");
    assert!(screen.note().contains("No field is called modle, did you mean model:?"), "{}", screen.note());
    assert!(shown(&screen).is_empty());
    screen.keys("enter a");
    assert!(screen.ticked().is_empty(), "an all key takes nothing of what was not understood");
    let mut screen = Screen::small(120, 30);
    screen.keys("/").write("type:server");
    assert!(screen.note().contains("There are name, id, because"), "{}", screen.note());
}

/// What stands marked as matched: in the lists, and in the detail beside them.
fn marked(screen: &Screen) -> (String, String) {
    let picture = screen.picture();
    let style = screen.model.look.style(mothball::tui::theme::Meaning::Match);
    let detail = screen.model.panes().detail.expect("a window wide enough for all panes");
    let (mut lists, mut beside) = (String::new(), String::new());
    for position in picture.cells.area().positions() {
        let cell = &picture.cells[position];
        if style.fg.is_none_or(|fg| cell.fg == fg) && cell.modifier.contains(style.add_modifier) {
            let text = if detail.contains(position) { &mut beside } else { &mut lists };
            text.push_str(cell.symbol());
        }
    }
    (lists, beside)
}

#[test]
fn what_matched_is_marked_in_every_column_that_a_filter_looks_at_and_in_the_detail() {
    let mut world = World::small();
    world.rows[6].configuration.name = "Zürich-サーバー".into();
    let filtered = |typed: &str, client: usize| {
        let mut screen = Screen::new(world.clone(), 220, 30);
        for _ in 0..client {
            screen.keys("j");
        }
        screen.keys("tab /").write(typed).keys("enter");
        marked(&screen)
    };
    for (typed, client, lists, detail) in [
        ("type:firew", 0, "FirewFirew", "Firew"),
        // FW-2 stands in the main office.
        ("site:ware fw-2", 0, "", ""),
        ("site:main fw-2", 0, "FW-2Main", "FW-2Main"),
        ("status:act srv-dc1", 0, "SRV-DC1Act", "SRV-DC1actAct"),
        // The serial and the model have no column here.
        ("serial:102", 0, "", "102"),
        ("!fw dc2", 0, "DC2", "DC2"),
        // Graphemes, not bytes: what stands before and between is wider or longer than it looks.
        ("サー", 1, "サー", "サー"),
    ] {
        assert_eq!(filtered(typed, client), (lists.to_owned(), detail.to_owned()), "{typed}");
    }
}

#[test]
fn what_the_clients_filter_found_is_marked_in_the_detail_of_the_client() {
    let mut screen = Screen::new(World::small(), 220, 30);
    screen.keys("/").write("dental").keys("enter");
    assert_eq!(marked(&screen), ("Dental".to_owned(), "Dental".to_owned()));
    screen.keys("esc /").write("id:7").keys("enter");
    assert_eq!(marked(&screen), (String::new(), "7".to_owned()));
    // The filter of one pane is none of the other's.
    screen.keys("tab");
    assert_eq!(marked(&screen).1, "");
}

#[test]
fn links_can_be_filtered_among_many_rows_too() {
    let mut world = World::large(1, 30_000);
    let billed = World::small().links[&ConfigId::from(101)].clone();
    world.links.insert(ConfigId::from(1005), billed);
    let mut screen = Screen::new(world, 120, 30);
    screen.keys("tab /").write("linked:billing");
    let Some(Effect::Filter { generation, query, candidates }) = screen.asked.last().cloned() else {
        panic!("many rows are filtered aside")
    };
    let mut matcher = filter::matcher();
    let fits = candidates.iter().filter(|row| query.fits(row.entry.candidate(&row.links), &mut matcher));
    let hits: Vec<u32> = fits.map(|row| row.at).collect();
    screen.send(Message::Filtered(generation, hits));
    assert_eq!(shown(&screen), ["HOST-5"]);
}

// Columns

#[test]
fn the_name_stays_while_columns_are_moved_through() {
    let mut screen = Screen::small(100, 30);
    screen.keys("tab");
    assert_eq!(columns(&screen), [Column::Name, Column::Type, Column::Status, Column::Links]);
    screen.keys("] ]");
    let there = columns(&screen);
    assert_eq!(there[0], Column::Name);
    assert!(!there.contains(&Column::Type) && there.contains(&Column::Links), "{there:?}");
    for _ in 0..20 {
        screen.keys("]");
    }
    assert_eq!(columns(&screen).last(), Some(&Column::Detail("Model".into())), "the vendor's own come last");
    assert!(screen.text().contains("R640"), "{}", screen.text());
    assert!(screen.note().contains("no more columns"), "{}", screen.note());
    for _ in 0..20 {
        screen.keys("[");
    }
    assert_eq!(columns(&screen)[1], Column::Type);
    screen.send(Message::Mouse(Mouse { kind: MouseKind::WheelRight, column: 60, row: 8 }));
    assert_ne!(columns(&screen)[1], Column::Type);
}

#[test]
fn columns_are_chosen_ordered_and_made_wider() {
    let mut screen = Screen::small(120, 40);
    // Type, links, and then what is not shown: the serial comes to the front, the type goes.
    screen.keys("tab C");
    let Some(Overlay::Columns(open)) = &screen.model.overlay else { panic!("{}", screen.text()) };
    let serial = open.lines.iter().position(|line| line.column == Column::Serial).unwrap();
    for _ in 0..serial {
        screen.keys("j");
    }
    screen.keys("space k");
    for _ in 1..serial {
        screen.keys("K");
    }
    screen.keys("+ + j space enter");
    assert!(screen.model.overlay.is_none());
    assert_eq!(columns(&screen)[..2], [Column::Name, Column::Serial]);
    assert!(!columns(&screen).contains(&Column::Type));
    let kept = remembered(&screen).pop().unwrap().columns.unwrap();
    assert_eq!(kept[0].key, "serial");
    assert!(kept[0].width.is_some_and(|width| width > 16), "{kept:?}");
    // Escape leaves everything as it was, reset gives it back to the width.
    screen.keys("C j space space - esc");
    assert_eq!(columns(&screen)[1], Column::Serial);
    screen.keys("C r");
    assert_eq!(screen.model.review.columns, mothball::tui::columns::Columns::default());
}

#[test]
fn the_name_is_always_shown() {
    let mut screen = Screen::small(120, 40);
    screen.keys("tab C space");
    assert!(screen.note().contains("always shown"), "{}", screen.note());
    screen.keys("K enter");
    assert_eq!(columns(&screen)[0], Column::Name);
}

// Sorting

#[test]
fn every_column_can_be_sorted_by_and_comes_into_sight() {
    let mut screen = Screen::small(80, 24);
    screen.keys("tab");
    let mut seen = vec![screen.model.review.sort.column.clone()];
    loop {
        screen.keys(">");
        let column = screen.model.review.sort.column.clone();
        assert!(columns(&screen).contains(&column), "{column:?} is sorted by and out of sight");
        let header = screen.text();
        assert!(header.contains('▲'), "{column:?}: {header}");
        if column == Column::Name {
            break;
        }
        seen.push(column);
    }
    for wanted in [
        Column::Serial,
        Column::Id,
        Column::Updated,
        Column::Parent,
        Column::Rmm,
        Column::Detail("Model".into()),
    ] {
        assert!(seen.contains(&wanted), "{wanted:?}");
    }
    screen.keys("< ~");
    assert_eq!(screen.model.review.sort.column, Column::Detail("Model".into()));
    assert!(screen.text().contains('▼'), "{}", screen.text());
}

#[test]
fn order_is_natural_and_what_has_nothing_comes_last() {
    let mut world = World::small();
    for (at, serial) in [Some("S-10"), Some("S-9"), None, Some("s-100")].into_iter().enumerate() {
        world.rows[at].configuration.serial = serial.map(Into::into);
    }
    world.rows.truncate(4);
    let mut screen = Screen::new(world, 120, 30);
    screen.keys("tab");
    while screen.model.review.sort.column != Column::Serial {
        screen.keys(">");
    }
    assert_eq!(shown(&screen), ["SRV-DC2", "SRV-DC1", "FW-2", "FW-10"]);
    while screen.model.review.sort.column != Column::Updated {
        screen.keys(">");
    }
    assert_eq!(shown(&screen)[0], "FW-2", "the one that was left alone the longest");
}

#[test]
fn very_many_rows_are_put_in_order_aside_and_old_answers_dropped() {
    let mut screen = Screen::new(World::large(1, 20_000), 200, 30);
    screen.by_hand = true;
    screen.keys("tab > >");
    let orders: Vec<_> = screen
        .asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Order { generation, sort, places } => Some((*generation, sort.clone(), places.clone())),
            _ => None,
        })
        .collect();
    let [.., (old, by_type, places), (new, by_site, _)] = &orders[..] else { panic!("{}", orders.len()) };
    assert_eq!((&by_type.column, &by_site.column), (&Column::Type, &Column::Site));
    assert!(screen.model.review.ordering && screen.text().contains("sorting"), "{}", screen.text());
    assert_eq!(screen.model.review.shown.len(), 20_000, "what is there can be used meanwhile");
    screen.send(Message::Ordered(*old, order::ordered(places.clone(), by_type)));
    assert!(screen.model.review.ordering, "an answer to an earlier question");
    screen.send(Message::Ordered(*new, order::ordered(places.clone(), by_site)));
    assert!(!screen.model.review.ordering);
    assert_eq!(shown(&screen)[..2], ["HOST-0", "HOST-2"], "Main Office, then by name");
}

#[test]
fn of_very_many_ticks_those_that_are_hidden_are_counted_aside() {
    let mut screen = Screen::new(World::large(2, 24_000), 120, 30);
    let ids: Vec<i64> = (1000..25_000).collect();
    screen.tick(&ids);
    screen.keys("tab /").write("HOST-7 type:switch");
    let Some(Effect::CountHidden { generation, query, ticked, hidden }) =
        screen.asked.iter().rev().find(|effect| matches!(effect, Effect::CountHidden { .. })).cloned()
    else {
        panic!("counted at once")
    };
    let mut matcher = filter::matcher();
    let hides =
        ticked.iter().filter(|row| !query.fits(row.entry.candidate(&row.links), &mut matcher)).count();
    screen.send(Message::CountedHidden(generation, hidden + hides));
    assert_eq!(screen.model.review.hidden_ticks, screen.model.review.hidden().len());
    screen.send(Message::CountedHidden(generation - 1, 1));
    assert_ne!(screen.model.review.hidden_ticks, 1, "an answer to an earlier question");
}

// Copying

#[test]
fn copying_offers_row_id_table_and_link() {
    let mut screen = Screen::small(120, 30);
    screen.keys("tab j y");
    assert!(screen.text().contains("Table, 6 rows (t)"), "{}", screen.text());
    screen.keys("i");
    assert_eq!(copied(&screen), ["104"]);
    assert_eq!(screen.note(), "Copied the id 104 through the terminal (OSC 52), if it allows that.");
    screen.keys("y l");
    assert_eq!(copied(&screen).pop().unwrap(), "https://psa.example/configuration/104");
    screen.keys("y y");
    let row = copied(&screen).pop().unwrap();
    assert!(row.starts_with("104\tFW-2\tFirewall\t") && row.contains("\tSN-104\t"), "{row:?}");
    assert!(row.ends_with("\tAcme Dental\tno\thttps://psa.example/configuration/104"), "{row:?}");
    screen.keys("y esc");
    assert_eq!(copied(&screen).len(), 3);
    // The arrows and enter do it, too.
    screen.keys("y right right enter");
    let table = copied(&screen).pop().unwrap();
    assert_eq!(table.lines().count(), 7, "{table}");
    assert!(table.starts_with("Id\tName\tType\t"), "{table}");
}

#[test]
fn a_copied_table_holds_what_is_shown_and_no_formulas() {
    let mut world = World::small();
    world.rows[0].configuration.name = "=cmd|'/C calc'!A0\tx\ny".into();
    let mut screen = Screen::new(world, 120, 30);
    screen.keys("tab /").write("type:server").keys("enter y t");
    let table = copied(&screen).pop().unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("101\t'=cmd|'/C calc'!A0 x y\t"), "{table}");
    let cells = table.lines().map(|line| line.split('\t').count()).collect::<Vec<_>>();
    assert!(cells.iter().all(|count| *count == cells[0]), "{cells:?}");
    screen.keys("esc esc y t");
    let clients = copied(&screen).pop().unwrap();
    assert!(
        clients.starts_with("Id\tName\tConfigurations\t") && clients.contains("7\tAcme Dental\t6\t0\t"),
        "{clients}"
    );
}

#[test]
fn the_desktops_program_is_named_and_the_terminal_takes_over_where_it_fails() {
    let mut screen = Screen::small(120, 30);
    screen.model.clipboard = Some("wl-copy");
    screen.keys("tab y i");
    assert!(screen.note().ends_with("with wl-copy."), "{}", screen.note());
    screen.send(Message::CopiedOtherwise("no display".into(), "104".into()));
    assert!(screen.note().contains("wl-copy did not take it (no display)"), "{}", screen.note());
    assert_eq!(copied(&screen).pop().unwrap(), "104");
    assert_eq!(screen.model.clipboard, None);
}

#[test]
fn more_than_a_terminal_takes_is_not_copied_by_halves() {
    let mut screen = Screen::new(World::large(1, 5_000), 120, 30);
    screen.keys("tab y t");
    assert!(copied(&screen).is_empty());
    assert!(screen.note().contains("too long for a terminal"), "{}", screen.note());
}

// Reading again

#[test]
fn one_client_is_read_again_and_the_rest_stays() {
    let mut screen = Screen::small(120, 30);
    screen.tick(&[101, 103, 201]);
    screen.keys("tab j");
    // Meanwhile: one is gone, one is new, one has another name.
    screen.world.rows.retain(|row| row.configuration.id != ConfigId::from(103));
    screen.world.rows[1].configuration.name = "SRV-DC2-old".into();
    screen.world.rows.push(super::world::row(107, 7, "NEW-1", "Printer"));
    let reads =
        |screen: &Screen| screen.asked.iter().filter(|effect| matches!(effect, Effect::Load { .. })).count();
    let before = reads(&screen);
    screen.keys("r");
    assert_eq!(reads(&screen), before, "not all of it");
    assert_eq!(
        shown(&screen),
        ["acme-dental.example", "FW-2", "NEW-1", "PC-RECEPTION", "SRV-DC1", "SRV-DC2-old"]
    );
    assert_eq!(screen.ticked(), ["101", "201"]);
    assert!(screen.note().contains("1 ticked configuration is no longer there"), "{}", screen.note());
    let review = &screen.model.review;
    assert_eq!(
        review.cursor_entry().unwrap().row.configuration.title(),
        "FW-2",
        "the cursor stays on its row"
    );
    let client = &review.data.clients[review.client.unwrap()];
    assert_eq!((client.ticked, client.tickable, client.rows.len()), (1, 5, 6));
    assert_eq!(client.links, LinksState::Read, "links are read anew at once");
    let birch = review.data.client(&ClientId::from(12)).unwrap();
    assert_eq!((review.data.clients[birch].ticked, review.data.clients[birch].rows.len()), (1, 2));
    for (at, entry) in review.data.rows.iter().enumerate() {
        assert_eq!(review.data.row(entry.id()), Some(at as u32));
        assert!(review.data.clients[entry.client].rows.contains(&(at as u32)));
    }
    screen.keys("j");
    assert!(screen.text().contains("; this one just now"), "{}", screen.text());
}

#[test]
fn a_client_that_came_back_has_nothing_to_tick() {
    let mut screen = Screen::small(120, 30);
    screen.tick(&[101]);
    screen.world.clients.remove(0);
    screen.world.rows.retain(|row| row.configuration.client != ClientId::from(7));
    screen.keys("r");
    assert!(screen.note().contains("1 ticked configuration"), "{}", screen.note());
    assert!(screen.ticked().is_empty());
    assert!(screen.text().contains("It is an active client again"), "{}", screen.text());
}

#[test]
fn what_cannot_be_read_again_stays_and_says_so_and_late_answers_are_dropped() {
    let mut screen = Screen::small(120, 30);
    screen.by_hand = true;
    screen.keys("r");
    let Some(Effect::LoadClient { generation, client }) = screen.asked.last().cloned() else { panic!() };
    screen.keys("r");
    assert!(screen.note().contains("Reading one already"), "{}", screen.note());
    let trouble = Trouble { message: "no answer".into(), advice: "Try again.".into() };
    screen.send(Message::ClientLoaded(generation, client.clone(), Err(trouble)));
    assert!(screen.text().contains("could not be read again"), "{}", screen.text());
    assert_eq!(shown(&screen).len(), 6);
    screen.keys("esc r R");
    let Some(Effect::LoadClient { generation, .. }) =
        screen.asked.iter().rev().find(|effect| matches!(effect, Effect::LoadClient { .. })).cloned()
    else {
        panic!()
    };
    let read = screen.world.read_client(&ClientId::from(12));
    screen.send(Message::ClientLoaded(generation, client, Ok(Box::new(read))));
    assert_eq!(shown(&screen).len(), 6, "all of it is being read: that is newer");
}

#[test]
fn old_data_say_how_old_they_are() {
    let mut screen = Screen::small(120, 30);
    assert!(screen.text().contains("complete, read 3 min ago"), "{}", screen.text());
    screen.model.now = now().plus_seconds(3 * 3600);
    assert!(screen.text().contains("read 3 h 03 min ago: R reads it again"), "{}", screen.text());
}

// Kept for the next time

#[test]
fn the_view_is_kept_when_it_changes_and_ticks_never_are() {
    let mut screen = Screen::small(120, 30);
    screen.keys("tab space > ~ /").write("srv").keys("enter");
    let views = remembered(&screen);
    let last = views.last().unwrap();
    assert_eq!((last.filter.as_str(), last.sort.as_str(), last.reverse), ("srv", "type", true));
    let kept = serde_json::to_string(&views).unwrap();
    for ticked in screen.ticked() {
        assert!(!kept.contains(&ticked), "{kept}");
    }
    let n = views.len();
    screen.keys("/ enter");
    assert_eq!(remembered(&screen).len(), n, "nothing changed");
}

#[test]
fn the_view_of_the_last_time_is_taken_up_and_said() {
    let mut world = World::small();
    world.setting.view = Some(View {
        filter: "model:r640 srv".into(),
        client_filter: String::new(),
        sort: "serial".into(),
        reverse: true,
        columns: Some(
            ["serial", "nope", "detail:Model", "serial"]
                .map(|key| KeptColumn { key: key.into(), width: Some(9999) })
                .into(),
        ),
        name_width: None,
    });
    let mut screen = Screen::empty(world, 120, 30);
    assert!(screen.note().contains("Filtered as the last time: model:r640 srv"), "{}", screen.note());
    let effects = update::start(&mut screen.model);
    let Some(Effect::Load { generation }) = effects.first().cloned() else { panic!("{effects:?}") };
    for news in screen.world.load() {
        screen.send(Message::Load(generation, news));
    }
    assert_eq!(shown(&screen), ["SRV-DC2", "SRV-DC1"], "the vendor's fields are known once rows are there");
    let chosen = screen.model.review.columns.chosen.clone().unwrap();
    let kept: Vec<&Column> = chosen.iter().map(|one| &one.column).collect();
    assert_eq!(kept, [&Column::Serial, &Column::Detail(Arc::from("Model"))], "what is not known is left out");
    assert!(chosen.iter().all(|one| one.width <= Some(80)));
    screen.keys("esc");
    assert_eq!(shown(&screen).len(), 6);
}

#[test]
fn a_wild_view_breaks_nothing() {
    let mut world = World::small();
    world.setting.view = Some(View {
        filter: "\"".repeat(300),
        client_filter: "because:\u{1b}[2J !".into(),
        sort: "detail:".into(),
        reverse: false,
        columns: Some(Vec::new()),
        name_width: Some(0),
    });
    let mut screen = Screen::new(world, 120, 30);
    assert_eq!(screen.model.review.sort.column, Column::Name);
    screen.keys("esc tab > < ] [ C enter");
    assert!(screen.text().contains("Acme"), "{}", screen.text());
    let _ = LoadNews::CameBack(Vec::new());
}
