/** The tables, sequences and functions that the installed release of BullMQ makes and works with; a test holds it to them. */
export const schemaNames: readonly string[] = `
  add_flow add_flow_unlocked add_job add_job_scheduler add_job_unlocked add_jobs_bulk add_jobs_bulk_unlocked apply_retention
  change_delay change_priority clean collect_metrics dedup dedup_finalize dedup_next dedup_on_removal dedup_store_next deduplicate_job
  drain event event_seq extend_lock get_range handle_child_failure handle_duplicated_job job job_dependency job_id_seq_name job_log
  job_seq lock_finalization_queues lock_producer_queues meta metrics migration move_active_to_wait move_parent_to_wait
  move_stalled_jobs_to_wait move_to_active move_to_completed move_to_completed_fetch move_to_delayed move_to_failed
  move_to_failed_fetch move_to_waiting_children next_delay next_job_id next_signal obliterate pause promote promote_jobs publish_event
  rate_limit rate_limit_consume rate_limit_effective rate_limit_ttl relay_delete_retained relay_get_counts relay_get_namespaces
  relay_get_nodes relay_get_patterns relay_get_retained relay_get_subscriptions relay_heartbeat relay_inbox relay_inbox_id_seq
  relay_is_valid_id relay_match_topic relay_mid_seq relay_ms relay_node relay_page_limit relay_parse_topic relay_publish
  relay_read_inbox relay_register_node relay_remove_endpoint relay_retained relay_subscribe relay_subscription relay_sweep
  relay_trim_inbox relay_unregister_node remove remove_child_dependency remove_job_scheduler remove_unprocessed_children reprocess_job
  requeue_dedup_next retry_job retry_jobs scheduler scheduler_every_next_millis set_rate_limit update_job_scheduler_next_millis
  update_progress
`
  .trim()
  .split(/\s+/);
