//! What only the schema's owner does: create the database, migrate, let the roles log in.

use crate::session::Tx;
use crate::{MIGRATIONS, StoreError};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

/// The roles that functions connect as, one per function group.
pub const ROLES: [&str; 10] = [
    "paceline_ingest",
    "paceline_plan",
    "paceline_stages",
    "paceline_sweep",
    "paceline_read",
    "paceline_fetch",
    "paceline_connect",
    "paceline_log",
    "paceline_identity",
    "paceline_community",
];

/// A connection as the schema's owner.
#[derive(Debug)]
pub struct Owner {
    pool: PgPool,
    location: Location,
}

/// Where a database is, as the functions' settings need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// libpq's word for how TLS is used.
    pub ssl_mode: &'static str,
}

/// Creates the database `paceline` on the server of `url` unless it exists.
///
/// # Errors
/// [`StoreError`] when the role may not, or the server is away.
pub async fn create_database(url: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(url).await?;
    let exists: Option<(String,)> =
        sqlx::query_as(include_str!("../queries/setup/database_exists.sql"))
            .fetch_optional(&mut connection)
            .await?;
    if exists.is_none() {
        sqlx::query(include_str!("../queries/setup/create_database.sql"))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

impl Owner {
    /// Connects directly, never through a transaction pooler: migrations take a session's lock.
    ///
    /// # Errors
    /// [`StoreError`] when the URL is wrong or the server is away.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let location = Location {
            host: options.get_host().to_owned(),
            port: options.get_port(),
            database: options
                .get_database()
                .unwrap_or(options.get_username())
                .to_owned(),
            ssl_mode: match options.get_ssl_mode() {
                sqlx::postgres::PgSslMode::Disable | sqlx::postgres::PgSslMode::Allow => "disable",
                sqlx::postgres::PgSslMode::Prefer => "prefer",
                sqlx::postgres::PgSslMode::Require => "require",
                sqlx::postgres::PgSslMode::VerifyCa => "verify-ca",
                sqlx::postgres::PgSslMode::VerifyFull => "verify-full",
            },
        };
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        Ok(Self { pool, location })
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when a migration fails; the schema is then as it was before that one.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS
            .run(&self.pool)
            .await
            .map_err(|error| StoreError::Unexpected(error.into()))
    }

    /// Lets a function group's role log in with a password.
    ///
    /// # Errors
    /// [`StoreError`] when the owner may not change roles.
    pub async fn let_role_log_in(&self, role: &str, password: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query(include_str!("../queries/setup/name_role.sql"))
            .bind(role)
            .bind(password)
            .execute(&mut *tx)
            .await?;
        sqlx::query(include_str!("../queries/setup/let_role_log_in.sql"))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Opens a transaction of the owner.
    ///
    /// # Errors
    /// [`StoreError`] when the server is away.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx::of_owner(self.pool.begin().await?))
    }

    /// Hangs up.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
