//! Every function of the template, by the name its binary has.

/// Runs the function of this name until its sandbox ends; `None` when there is none.
///
/// It is the same `run()` that the deployed binary calls, so nothing here may know more of a
/// function than its name.
pub(crate) async fn run(name: &str) -> Option<Result<(), platform::Error>> {
    Some(match name {
        "ingest-activity" => ingest_activity::run().await,
        "auto-attach-planned" => auto_attach_planned::run().await,
        "plan-workouts" => plan_workouts::run().await,
        "read-workouts" => read_workouts::run().await,
        "compute-summary" => compute_summary::run().await,
        "compute-analysis" => compute_analysis::run().await,
        "calculate-metrics" => calculate_metrics::run().await,
        "fetch-activity" => fetch_activity::run().await,
        "connect-provider" => connect_provider::run().await,
        "log-set" => log_set::run().await,
        "issue-tokens" => issue_tokens::run().await,
        "save-workout-log" => save_workout_log::run().await,
        "manage-communities" => manage_communities::run().await,
        "sweep-stages" => sweep_stages::run().await,
        _ => return None,
    })
}
