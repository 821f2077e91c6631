//! Who may call the API, as the store keeps it.

use mothball::store::{Right, Store, Token};

use super::{on_every_store, samples::*};

on_every_store!(tokens_are_kept_found_by_their_id_and_revoked_once);

async fn tokens_are_kept_found_by_their_id_and_revoked_once(store: &dyn Store) {
    let jane = Token {
        id: "a1".into(),
        name: "jane".into(),
        rights: vec![Right::Read, Right::Approve],
        hash: "5e88".into(),
        made_at: at(0),
        expires: Some(at(100)),
        revoked: None,
        last_used: None,
    };
    let ci = Token { id: "b2".into(), name: "ci".into(), made_at: at(1), expires: None, ..jane.clone() };
    store.put_token(&jane).await.unwrap();
    store.put_token(&ci).await.unwrap();
    assert_eq!(store.tokens().await.unwrap(), [jane.clone(), ci.clone()]);
    assert_eq!(store.token("a1").await.unwrap(), Some(jane.clone()));
    assert_eq!(store.token("5e88").await.unwrap(), None);
    store.token_used("a1", at(7)).await.unwrap();
    assert!(store.revoke_token("a1", at(9)).await.unwrap());
    assert!(!store.revoke_token("a1", at(10)).await.unwrap());
    assert!(!store.revoke_token("c3", at(10)).await.unwrap());
    let revoked = Token { revoked: Some(at(9)), last_used: Some(at(7)), ..jane.clone() };
    assert_eq!(store.tokens().await.unwrap(), [revoked.clone(), ci.clone()]);
    assert!(!revoked.is_in_force(at(8)));
    assert!(jane.is_in_force(at(99)) && !jane.is_in_force(at(100)));
    assert!(ci.is_in_force(at(1_000_000)));
}
