//! Sign-ins that run out, move, or are worth too little.

use super::*;

/// A token that runs out, or a tenant that moves.
struct Renewing {
    token: AtomicUsize,
    outcome: Renewed,
    renewals: AtomicUsize,
}

#[async_trait]
impl Authorizer for Renewing {
    async fn headers(&self, _http: &Http) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::new();
        let token = format!("Bearer {}", self.token.load(Ordering::SeqCst));
        headers.insert("authorization", HeaderValue::from_str(&token).unwrap());
        Ok(headers)
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if reply.status == 401 { Judgement::Stale } else { Judgement::Fine }
    }

    fn weigh(&self, reply: &Reply) -> Option<super::super::Weight> {
        let said = reply.line();
        if said.contains("threshold") {
            return Some(super::super::Weight::TurnedAway);
        }
        said.contains("errors").then_some(super::super::Weight::Considered)
    }

    async fn renew(&self, _http: &Http) -> Result<Renewed, HttpError> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.token.fetch_add(1, Ordering::SeqCst);
        self.renewals.fetch_add(1, Ordering::SeqCst);
        Ok(self.outcome.clone())
    }
}

fn renewing(script: &Arc<Script>, outcome: Renewed) -> (Http, Arc<Renewing>) {
    let authorizer =
        Arc::new(Renewing { token: AtomicUsize::new(1), outcome, renewals: AtomicUsize::new(0) });
    let options = Options { authorizer: Arc::clone(&authorizer) as Arc<dyn Authorizer>, ..options(script) };
    (Http::new(options), authorizer)
}

#[tokio::test(start_paused = true)]
async fn many_calls_renew_a_token_once() {
    let stale = Step::Answer(401, &[], "");
    let script = Script::new([stale.clone(), stale.clone(), stale], OK);
    let (http, authorizer) = renewing(&script, Renewed::Headers);
    let replies = futures_util::future::join_all((0..3).map(|_| http.send(read()))).await;
    assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(Reply::is_success)));
    assert_eq!(authorizer.renewals.load(Ordering::SeqCst), 1);
    assert_eq!(script.count(), 6);
    let tokens: Vec<String> = script
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, request)| request.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens[3..], ["Bearer 2", "Bearer 2", "Bearer 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_as_often_as_it_runs_out() {
    let stale = Step::Answer(401, &[], "");
    let script = Script::new([stale.clone(), OK, stale.clone(), OK, stale], OK);
    let (http, authorizer) = renewing(&script, Renewed::Headers);
    for _ in 0..3 {
        assert!(http.send(read()).await.is_ok_and(|reply| reply.is_success()));
    }
    assert_eq!((script.count(), authorizer.renewals.load(Ordering::SeqCst)), (6, 3));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_again_is_not_renewed_for_ever() {
    let script = Script::new([], Step::Answer(401, &[], ""));
    let (http, authorizer) = renewing(&script, Renewed::Headers);
    assert!(matches!(http.send(read()).await, Err(HttpError::SignIn { .. })));
    assert_eq!((script.count(), authorizer.renewals.load(Ordering::SeqCst)), (2, 1));
    assert!(matches!(http.send(read()).await, Err(HttpError::SignIn { .. })));
    assert_eq!(script.count(), 2, "nothing more is sent with them");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_moved_is_asked_at_its_new_home_and_only_there() {
    let script = Script::new([Step::Answer(401, &[], "")], OK);
    let to = Url::parse("https://other.example.com/rest").unwrap();
    let (http, _) = renewing(&script, Renewed::Moved { from: Url::parse(BASE).unwrap(), to: to.clone() });
    http.send(read()).await.unwrap();
    http.send(read()).await.unwrap();
    let seen: Vec<String> =
        script.seen.lock().unwrap().iter().map(|(_, request)| request.url.to_string()).collect();
    let (old, new) = ("https://psa.example.com/list", "https://other.example.com/rest/list");
    assert_eq!(seen, [old, new, new]);
    assert_eq!(http.base(), to);
}

#[tokio::test(start_paused = true)]
async fn what_the_vendor_considered_is_not_asked_again_and_what_it_turned_away_is() {
    let script = Script::new([Step::Answer(500, &[], r#"{"errors":["no such field"]}"#)], OK);
    let (http, _) = renewing(&script, Renewed::Nothing);
    assert_eq!(http.send(read()).await.unwrap().status, 500);
    assert_eq!(script.count(), 1);
    let script = Script::new([Step::Answer(500, &[], r#"{"errors":["nobody of that name"]}"#)], OK);
    let (http, _) = renewing(&script, Renewed::Nothing);
    assert_eq!(http.send(read().without_credentials()).await.unwrap().status, 500);
    assert_eq!(script.count(), 1, "what is asked without credentials is weighed, too");
    let script = Script::new([Step::Answer(500, &[], r#"{"errors":["thread threshold exceeded"]}"#)], OK);
    let (http, _) = renewing(&script, Renewed::Nothing);
    let write = Request::json(Method::PATCH, read().url, &serde_json::json!({}));
    assert_eq!(http.send(write).await.unwrap().status, 200);
    assert_eq!(script.count(), 2, "it was not looked at, so even a change may be sent again");
}

#[tokio::test(start_paused = true)]
async fn a_token_can_be_asked_for_while_every_lane_is_taken() {
    struct Asking;
    #[async_trait]
    impl Authorizer for Asking {
        async fn headers(&self, http: &Http) -> Result<HeaderMap, HttpError> {
            let url = Url::parse(BASE).unwrap().join("token").unwrap();
            http.send(Request::form(url, &[("grant_type", "client_credentials")]).without_credentials())
                .await?;
            Ok(HeaderMap::new())
        }

        fn judge(&self, _reply: &Reply) -> Judgement {
            Judgement::Fine
        }
    }
    let script = Script::new([], OK);
    let mut options = options(&script);
    options.limits.in_flight = 1;
    options.authorizer = Arc::new(Asking);
    let http = Http::new(options);
    let replies = futures_util::future::join_all((0..3).map(|_| http.send(read()))).await;
    assert!(replies.iter().all(Result::is_ok));
    assert_eq!(script.count(), 6);
}

/// A token is refused because of what its account may not do: others would only be refused, too.
#[tokio::test(start_paused = true)]
async fn too_few_rights_are_told_once_and_nothing_more_is_sent() {
    struct Poor;
    #[async_trait]
    impl Authorizer for Poor {
        async fn headers(&self, _http: &Http) -> Result<HeaderMap, HttpError> {
            Err(HttpError::TooFewRights { message: "read:assets is missing".to_owned() })
        }

        fn judge(&self, _reply: &Reply) -> Judgement {
            Judgement::Fine
        }
    }
    let script = Script::new([], OK);
    let http = Http::new(Options { authorizer: Arc::new(Poor), ..options(&script) });
    assert!(matches!(http.send(read()).await, Err(HttpError::TooFewRights { .. })));
    let open = read().without_credentials();
    assert!(
        matches!(http.send(open).await, Err(HttpError::SignIn { message }) if message.contains("read:assets"))
    );
    assert_eq!(script.count(), 0);
}
