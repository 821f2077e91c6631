//! Each form for each audience, as it is read; what is asked for wrongly; what HTML and Markdown are made of.

use mothball::{
    domain::{
        ClientId, Phase,
        document::{ClientReport, Report},
    },
    report::export::{
        Audience, ClientView, ExportError, Form, Standing, What, Wish, address, export, file_name, sheets,
    },
};

use super::samples::{client, config, every_outcome, facts, joint, single, undo};

fn wish(form: Form, audience: Audience) -> Wish {
    Wish { form, audience, client: None }
}

#[test]
fn each_form_for_each_audience() {
    let seven = Some(ClientId::from(7));
    for (name, report) in [("single", single()), ("joint", joint()), ("undo", undo())] {
        for form in Form::ALL {
            for audience in Audience::ALL {
                if (form, audience) == (Form::Json, Audience::Internal) {
                    assert_eq!(
                        export(&report, &Wish::default()).unwrap(),
                        mothball::report::to_json(&report)
                    );
                    continue;
                }
                let client = seven.clone().filter(|_| audience == Audience::Client);
                let text = export(&report, &Wish { form, audience, client }).unwrap();
                let eyes = if audience == Audience::Client { "client" } else { "internal" };
                insta::assert_snapshot!(format!("{name}_{eyes}_{}", form.ending()), text.replace('\r', "␍"));
            }
        }
    }
}

#[test]
fn a_joint_report_is_not_written_for_one_client_unless_one_is_named() {
    let refused = export(&joint(), &wish(Form::Html, Audience::Client)).unwrap_err();
    assert_eq!(refused, ExportError::WhichClient { clients: 2 });
    assert_eq!(
        refused.to_string(),
        "this report is about 2 clients, and none of them may read about the others"
    );
    let other = Wish { client: Some(ClientId::from(99)), ..Wish::default() };
    let refused = export(&joint(), &other).unwrap_err();
    assert_eq!(refused.to_string(), "client 99 is not in this report; in it are 7, 12");
    assert_eq!(sheets(&joint(), &other).unwrap_err(), refused);
    let nobody =
        Report::Client(Box::new(ClientReport { client_id: None, ..client(7, "Nobody", Vec::new()) }));
    assert_eq!(export(&nobody, &wish(Form::Csv, Audience::Client)), Err(ExportError::NobodyToRead));
    assert_eq!(sheets(&nobody, &wish(Form::Csv, Audience::Client)), Err(ExportError::NobodyToRead));
    assert!(export(&nobody, &wish(Form::Csv, Audience::Internal)).is_ok());
}

#[test]
fn files_are_named_after_run_client_and_reader() {
    let names = |report: &Report, wish: &Wish| -> Vec<String> {
        sheets(report, wish).unwrap().into_iter().map(|sheet| sheet.name).collect()
    };
    let run = "mothball-20261124T020000-abcdefgh";
    assert_eq!(
        names(&joint(), &Wish::default()),
        [format!("{run}-client-7.json"), format!("{run}-client-12.json"), format!("{run}.json")]
    );
    assert_eq!(
        names(&joint(), &wish(Form::Markdown, Audience::Client)),
        [format!("{run}-for-client-7.md"), format!("{run}-for-client-12.md")]
    );
    let one = Wish { client: Some(ClientId::from(12)), ..wish(Form::Html, Audience::Internal) };
    assert_eq!(names(&joint(), &one), [format!("{run}-client-12.html")]);
    assert_eq!(file_name(&joint(), &one), format!("{run}-client-12.html"));
    assert_eq!(file_name(&single(), &wish(Form::Html, Audience::Client)), format!("{run}-for-client-7.html"));
    assert_eq!(file_name(&joint(), &wish(Form::Csv, Audience::Client)), format!("{run}-for-client.csv"));
    assert_eq!(file_name(&joint(), &Wish::default()), format!("{run}.json"));
    for (path, form) in
        [("a.HTML", Some(Form::Html)), ("a.md", Some(Form::Markdown)), ("a", None), ("a.txt", None)]
    {
        assert_eq!(Form::of_file(std::path::Path::new(path)), form, "{path}");
    }
}

/// What is told about a run that did not come to its end must not sound as if it had.
#[test]
fn a_client_is_told_the_truth_about_how_far_it_came() {
    for (phase, dry_run, standing) in [
        (Phase::Finished, false, Standing::DoneInPart),
        (Phase::Finished, true, Standing::Trial),
        (Phase::AwaitingApproval, false, Standing::NotBegun),
        (Phase::Interrupted, false, Standing::UnderWay),
        (Phase::Cancelled, false, Standing::EndedEarly),
        (Phase::Rejected, false, Standing::NothingDone),
        (Phase::Refused, false, Standing::NothingDone),
        (Phase::Expired, true, Standing::Trial),
    ] {
        let mut document = client(7, "Acme", every_outcome());
        document.run = mothball::domain::document::RunFacts { state: phase, dry_run, ..facts() };
        let view = ClientView::of(&document);
        assert_eq!(view.standing, standing, "{phase:?}");
        let totals = view.totals;
        assert_eq!(
            totals.items,
            totals.retired
                + totals.restored
                + totals.planned
                + totals.left_as_they_are
                + totals.not_completed
        );
        assert_eq!(totals.items, document.statistics.configs_found);
    }
    let all_done = client(7, "Acme", vec![config(1, "SRV", "deactivated", None, "deactivated")]);
    assert_eq!(ClientView::of(&all_done).standing, Standing::Done);
    let mut unproven = config(1, "SRV", "restored", None, "restored, not read back");
    unproven.verified = false;
    let view = ClientView::of(&client(7, "Acme", vec![unproven]));
    assert_eq!(view.items[0].what, What::NotCompleted, "what was not read back is not told as done");
}

#[test]
fn html_stands_alone_and_prints() {
    for (report, audience) in [(single(), Audience::Client), (joint(), Audience::Internal)] {
        let html = export(&report, &wish(Form::Html, audience)).unwrap();
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
        for never in [
            "<script",
            "<link",
            "<img",
            "<iframe",
            "@import",
            "url(",
            " src=\"",
            "javascript:",
            "href=\"#",
            "style=\"",
        ] {
            assert!(!html.contains(never), "{never}");
        }
        for needed in [
            "default-src 'none'",
            "<th scope=\"col\">",
            "<th scope=\"row\">",
            "<caption>",
            "@media print",
            "display: table-header-group",
            "prefers-color-scheme: dark",
            "break-inside: avoid",
            "<title>",
        ] {
            assert!(html.contains(needed), "{needed}");
        }
        // Every tag that is opened is closed again, in order.
        let mut open = Vec::new();
        for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let name = tag.split([' ', '\n']).next().unwrap();
            match name {
                "!DOCTYPE" | "meta" => {}
                _ if name.starts_with('/') => assert_eq!(open.pop(), Some(&name[1..]), "<{tag}>"),
                _ => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn only_web_addresses_become_links() {
    for (url, link) in [
        ("https://psa.example/a?b=1", Some("https://psa.example/a?b=1")),
        ("HTTP://psa.example", Some("http://psa.example/")),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("https://bank.example@evil.example/", None),
        ("https://user:pw@psa.example/", None),
        ("//evil.example", None),
        ("psa.example", None),
        ("java\nscript:alert(1)", None),
        ("", None),
    ] {
        assert_eq!(address(url).as_deref(), link, "{url}");
    }
}
