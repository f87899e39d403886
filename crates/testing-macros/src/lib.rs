//! The attribute that runs one test on both databases.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, ReturnType, parse_macro_input};

/// Runs an `async` test with one argument on SQLite and on PostgreSQL.
///
/// The argument's type implements `store::testing::OnEngine`, which makes it for each engine. The test appears
/// twice, as `the_name::sqlite` and `the_name::postgres`, each on a multi-thread runtime of its own.
///
/// ```ignore
/// #[db_test]
/// async fn a_resolved_conversation_reopens(app: TestApp) {
///     app.open_conversation().await;
/// }
/// ```
#[proc_macro_attribute]
pub fn db_test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    if let Some(problem) = problem(&attribute, &function) {
        return Error::new_spanned(&function.sig, problem).into_compile_error().into();
    }
    let name = &function.sig.ident;
    quote! {
        #function

        mod #name {
            #[test]
            fn sqlite() {
                ::store::private::run_test(::store::testing::Engine::Sqlite, super::#name);
            }

            #[test]
            fn postgres() {
                ::store::private::run_test(::store::testing::Engine::Postgres, super::#name);
            }
        }
    }
    .into()
}

fn problem(attribute: &TokenStream, function: &ItemFn) -> Option<&'static str> {
    let signature = &function.sig;
    if !attribute.is_empty() {
        Some("`#[db_test]` takes no arguments")
    } else if signature.asyncness.is_none() {
        Some("a database test is an `async fn`")
    } else if signature.inputs.len() != 1 {
        Some("a database test has one argument: what it is to be run on")
    } else if !signature.generics.params.is_empty() || signature.output != ReturnType::Default {
        Some("a database test is not generic and returns nothing")
    } else {
        None
    }
}
