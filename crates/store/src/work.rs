//! Closures on their way to a thread, and their results on the way back.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::conn::Conn;
use crate::stats::QueryStats;
use crate::watch::Aftermath;
use crate::{Error, Result, Tx};

/// A write closure whose types are forgotten. `run` may be called again; `finish` sends the answer.
pub(crate) trait WriteWork: Send {
    fn stats(&self) -> QueryStats;
    /// Runs the closure and writes its events: what it leaves for others, or `Err(())` when it must be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<Aftermath, ()>;
    fn answer(self: Box<Self>);
    /// Answers `error` instead of what the closure returned.
    fn fail(self: Box<Self>, error: Error);
}

/// A read closure whose types are forgotten.
pub(crate) trait ReadWork: Send {
    fn stats(&self) -> QueryStats;
    fn run(&mut self, conn: &mut Conn<'_>);
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    fn answer(self: Box<Self>);
    fn fail(self: Box<Self>, error: Error);
}

struct Work<F, T, E> {
    closure: F,
    result: Option<Result<T, E>>,
    sender: oneshot::Sender<Result<T, E>>,
    stats: QueryStats,
}

impl<F, T, E: From<Error>> Work<F, T, E> {
    fn send(self) {
        let result = self.result.unwrap_or_else(|| Err(Error::Unavailable("the closure was not run".into()).into()));
        // The caller may have gone away; what was committed stays committed.
        drop(self.sender.send(result));
    }

    fn send_error(self, error: Error) {
        drop(self.sender.send(Err(error.into())));
    }
}

pub(crate) fn write<T, E, F>(closure: F, sender: oneshot::Sender<Result<T, E>>, stats: QueryStats) -> Box<dyn WriteWork>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    Box::new(Work { closure, result: None, sender, stats })
}

pub(crate) fn read<T, E, F>(closure: F, sender: oneshot::Sender<Result<T, E>>, stats: QueryStats) -> Box<dyn ReadWork>
where
    F: Fn(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    Box::new(Work { closure, result: None, sender, stats })
}

impl<T, E, F> WriteWork for Work<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn stats(&self) -> QueryStats {
        self.stats.clone()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<Aftermath, ()> {
        let result =
            catch_unwind(AssertUnwindSafe(|| (self.closure)(tx))).unwrap_or_else(|panic| Err(panicked(&*panic)));
        let finished = match result {
            Ok(value) => tx.finish().map(|aftermath| (value, aftermath)).map_err(E::from),
            Err(error) => Err(error),
        };
        match finished {
            Ok((value, aftermath)) => {
                self.result = Some(Ok(value));
                Ok(aftermath)
            }
            Err(error) => {
                self.result = Some(Err(error));
                Err(())
            }
        }
    }

    fn answer(self: Box<Self>) {
        (*self).send();
    }

    fn fail(self: Box<Self>, error: Error) {
        (*self).send_error(error);
    }
}

impl<T, E, F> ReadWork for Work<F, T, E>
where
    F: Fn(&mut Conn<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn stats(&self) -> QueryStats {
        self.stats.clone()
    }

    fn run(&mut self, conn: &mut Conn<'_>) {
        let result =
            catch_unwind(AssertUnwindSafe(|| (self.closure)(conn))).unwrap_or_else(|panic| Err(panicked(&*panic)));
        self.result = Some(result);
    }

    fn is_wanted(&self) -> bool {
        !self.sender.is_closed()
    }

    fn answer(self: Box<Self>) {
        (*self).send();
    }

    fn fail(self: Box<Self>, error: Error) {
        (*self).send_error(error);
    }
}

fn panicked<E: From<Error>>(panic: &(dyn Any + Send)) -> E {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Error::Panicked(text).into()
}
