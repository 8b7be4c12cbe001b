//! The pool, and the transaction that belongs to one user.

use crate::StoreError;
use domain::id::UserId;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::{FromRow, PgPool, Postgres, Transaction};
use std::time::Duration;

/// What stands between us and PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooler {
    /// A direct connection, or a pooler that keeps prepared statements (RDS Proxy).
    #[default]
    None,
    /// A transaction pooler that does not: statements stay unnamed and are never cached.
    Transaction,
}

/// How to reach the database, and how long to wait for it.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `postgres://role:password@host:port/database`.
    pub url: String,
    /// What stands in between.
    pub pooler: Pooler,
    /// Longest wait for a connection.
    pub acquire: Duration,
    /// Longest run of one statement.
    pub statement: Duration,
    /// Longest wait for one lock.
    pub lock: Duration,
}

/// A connection to PostgreSQL that is opened when it is first needed.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    keep_statements: bool,
    statement_ms: String,
    lock_ms: String,
}

impl Store {
    /// Prepares the pool; nothing is opened yet.
    ///
    /// One connection is enough: an execution environment handles one invocation at a time, and
    /// a stage handles its records one after another.
    ///
    /// # Errors
    /// [`StoreError::Unexpected`] when the URL cannot be understood.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let keep_statements = settings.pooler == Pooler::None;
        let mut options: PgConnectOptions = settings.url.parse()?;
        if !keep_statements {
            options = options.statement_cache_capacity(0);
        }
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(settings.acquire)
            .connect_lazy_with(options);
        Ok(Self {
            pool,
            keep_statements,
            statement_ms: settings.statement.as_millis().to_string(),
            lock_ms: settings.lock.as_millis().to_string(),
        })
    }

    /// Opens a transaction that sees exactly this user's rows.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn begin(&self, user: UserId) -> Result<Tx, StoreError> {
        self.open(Some(user), "", "").await
    }

    /// Opens a transaction that sees only the connection of one provider account.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn begin_for_account(
        &self,
        provider: &str,
        provider_user_id: &str,
    ) -> Result<Tx, StoreError> {
        self.open(None, provider, provider_user_id).await
    }

    /// Opens a transaction that belongs to no user: nothing is visible but what the role's own
    /// policies show.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn begin_without_user(&self) -> Result<Tx, StoreError> {
        self.open(None, "", "").await
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError`] when it gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // One message: outside a transaction a pooler may send the second of two to another session.
        sqlx::raw_sql(include_str!("../queries/reads/ping.sql"))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn open(
        &self,
        user: Option<UserId>,
        provider: &str,
        provider_user_id: &str,
    ) -> Result<Tx, StoreError> {
        // Never under a timeout: a cancelled BEGIN leaves the connection inside a transaction.
        let inner = self.pool.begin().await?;
        let mut tx = Tx {
            inner,
            keep_statements: self.keep_statements,
            statements: 0,
        };
        tx.set_user(
            user,
            provider,
            provider_user_id,
            &self.statement_ms,
            &self.lock_ms,
        )
        .await?;
        Ok(tx)
    }
}

/// One transaction. Commit it or roll it back: dropping it keeps its locks while a sandbox sleeps.
#[derive(Debug)]
#[must_use = "a transaction is committed or rolled back explicitly"]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    keep_statements: bool,
    statements: u32,
}

impl Tx {
    pub(crate) fn of_owner(inner: Transaction<'static, Postgres>) -> Self {
        Self {
            inner,
            keep_statements: true,
            statements: 0,
        }
    }

    /// How many statements it has sent, without those that begin and end it.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Makes everything since the beginning true.
    ///
    /// # Errors
    /// [`StoreError`]; when the connection broke, whether it is true is not known.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Makes everything since the beginning undone, now.
    ///
    /// # Errors
    /// [`StoreError`] when the connection broke; the server undoes it then.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    /// Takes the user's lock, under which workouts, plans and links are changed.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when it is not free in time.
    pub async fn lock_user(&mut self, user: UserId) -> Result<(), StoreError> {
        let lock = self
            .query(include_str!("../queries/session/lock_user.sql"))
            .bind(user.0);
        self.execute(lock).await?;
        Ok(())
    }

    /// Marks a point that [`Tx::undo`] goes back to.
    pub(crate) async fn save(&mut self) -> Result<(), StoreError> {
        let query = self.query(include_str!("../queries/session/save.sql"));
        self.execute(query).await?;
        Ok(())
    }

    /// Goes back to the last [`Tx::save`], after a statement that PostgreSQL refused.
    pub(crate) async fn undo(&mut self) -> Result<(), StoreError> {
        let query = self.query(include_str!("../queries/session/undo.sql"));
        self.execute(query).await?;
        Ok(())
    }

    /// Goes on as the user whose delivery this turned out to be.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn act_for(&mut self, user: UserId) -> Result<(), StoreError> {
        let query = self
            .query(include_str!("../queries/session/act_for.sql"))
            .bind(user.to_string());
        self.execute(query).await?;
        Ok(())
    }

    async fn set_user(
        &mut self,
        user: Option<UserId>,
        provider: &str,
        provider_user_id: &str,
        statement_ms: &str,
        lock_ms: &str,
    ) -> Result<(), StoreError> {
        let settings = self
            .query(include_str!("../queries/session/open_transaction.sql"))
            .bind(user.map(|u| u.to_string()).unwrap_or_default())
            .bind(provider.to_owned())
            .bind(provider_user_id.to_owned())
            .bind(statement_ms.to_owned())
            .bind(lock_ms.to_owned());
        self.execute(settings).await?;
        Ok(())
    }

    pub(crate) fn query<'q>(&self, sql: &'static str) -> Query<'q, Postgres, PgArguments> {
        sqlx::query(sql).persistent(self.keep_statements)
    }

    pub(crate) fn query_as<'q, R>(&self, sql: &'static str) -> QueryAs<'q, Postgres, R, PgArguments>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        sqlx::query_as(sql).persistent(self.keep_statements)
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        self.statements += 1;
        Ok(query.execute(&mut *self.inner).await?.rows_affected())
    }

    /// Runs a statement that always answers one row.
    pub(crate) async fn fetch_one<R>(
        &mut self,
        query: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<R, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.statements += 1;
        Ok(query.fetch_one(&mut *self.inner).await?)
    }

    pub(crate) async fn fetch_optional<R>(
        &mut self,
        query: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<Option<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.statements += 1;
        Ok(query.fetch_optional(&mut *self.inner).await?)
    }

    pub(crate) async fn fetch_all<R>(
        &mut self,
        query: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.statements += 1;
        Ok(query.fetch_all(&mut *self.inner).await?)
    }
}
