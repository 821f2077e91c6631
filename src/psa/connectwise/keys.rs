//! The sign-in: a key pair of an API member, and the id of this integration.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use super::errors;
use crate::{
    http::{
        Authorizer, HeaderMap, HeaderValue, Http, HttpError, Judgement, Reply,
        header::{AUTHORIZATION, HeaderName},
    },
    psa::{PsaError, port::Result},
};

/// The key pair and the client id.
pub struct Keys {
    company: String,
    public: String,
    private: SecretString,
    client_id: HeaderValue,
}

impl Keys {
    /// # Errors
    /// [`PsaError::Settings`] if a value cannot stand in a request.
    pub fn new(company: &str, public: &str, private: SecretString, client_id: &str) -> Result<Self> {
        let client_id = HeaderValue::from_str(client_id.trim()).map_err(|_| PsaError::Settings {
            message:
                "client_id has a character that cannot be sent; it is a GUID from developer.connectwise.com"
                    .to_owned(),
        })?;
        Ok(Self { company: company.to_owned(), public: public.to_owned(), private, client_id })
    }
}

#[async_trait]
impl Authorizer for Keys {
    async fn headers(&self, _http: &Http) -> std::result::Result<HeaderMap, HttpError> {
        let pair =
            Zeroizing::new(format!("{}+{}:{}", self.company, self.public, self.private.expose_secret()));
        let basic = Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(&*pair))));
        let basic = HeaderValue::from_str(&basic)
            .map_err(|_| HttpError::Forbidden { message: "the key pair cannot be sent".to_owned() })?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, basic);
        headers.insert(HeaderName::from_static("clientid"), self.client_id.clone());
        Ok(headers)
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        errors::judge(reply)
    }
}
