extension ForeignFates {
  private static let loss = "the loss is weighted by one weighting of timesteps and by masks"
  private static let models = "the base model decides this by its own configuration"
  private static let memory = "memory is saved by gradient_checkpointing, frozen_weights and caches"
  private static let schedule =
    "the schedules here are constant, cosine, cosine-with-restarts, linear, polynomial and rex"
  private static let buckets =
    "the sizes of buckets follow from resolution and bucket_step, and none is left out"
  private static let captions = "captions are not changed in this way"
  private static let colors = "images are not changed in this way"
  private static let caches = "latents and embeddings of captions are always cached"
  private static let attention = "the fastest attention of the device is always used"
  private static let runs = "a run has its own folder below root, and every checkpoint resumes"
  private static let records = "runs and their losses are kept in a database"
  private static let hub = "a finished adapter is published by a command of its own"
  private static let metadata = "the metadata of a file are written by the export"
  private static let continuing =
    "a training continues from one LoRA (network_weights), or resumes from a checkpoint of its own"
  private static let several = "a run uses one device"

  /// The settings of sd-scripts that no rule translates.
  package static let kohya = ForeignFates(
    program: "sd-scripts",
    translated: [
      "pretrained_model_name_or_path", "network_module", "network_dim", "network_alpha",
      "network_args", "network_weights", "network_train_unet_only",
      "network_train_text_encoder_only", "text_encoder_lr",
      "learning_rate",
      "unet_lr",
      "optimizer_type",
      "optimizer_args", "use_8bit_adam", "use_lion_optimizer", "max_grad_norm", "lr_scheduler",
      "lr_warmup_steps", "lr_scheduler_num_cycles", "lr_scheduler_power", "max_train_steps",
      "max_train_epochs", "train_batch_size",
      "gradient_accumulation_steps", "gradient_checkpointing", "fp8_base", "fp8_base_unet",
      "blocks_to_swap", "mixed_precision", "seed",
      "save_every_n_steps", "save_every_n_epochs", "save_last_n_steps", "save_last_n_epochs",
      "sample_every_n_steps", "sample_every_n_epochs", "sample_prompts", "min_snr_gamma",
      "prior_loss_weight", "train_data_dir", "reg_data_dir", "dataset_config", "config_file",
      "resolution", "enable_bucket", "bucket_reso_steps", "bucket_no_upscale", "flip_aug",
      "random_crop", "shuffle_caption", "keep_tokens", "keep_tokens_separator", "caption_extension",
      "caption_extention",
      "caption_prefix", "caption_suffix", "caption_dropout_rate", "enable_wildcard",
      "max_token_length", "alpha_mask", "masked_loss", "validation_split",
      "validate_every_n_steps", "output_name", "logging_dir", "log_with", "noise_offset",
      "noise_offset_random_strength",
      "adaptive_noise_scale", "multires_noise_iterations", "multires_noise_discount",
      "ip_noise_gamma", "ip_noise_gamma_random_strength", "zero_terminal_snr", "min_timestep",
      "max_timestep", "loss_type", "huber_schedule", "huber_c", "huber_scale",
      "debiased_estimation_loss", "v_parameterization", "network_dropout", "scale_weight_norms",
    ],
    noCounterpart: fates([
      loss: [
        "v_pred_like_loss", "scale_v_pred_loss_like_noise_pred", "conditioning_data_dir",
        "weighting_scheme",
      ],
      models: ["v2", "vae", "clip_skip"],
      memory: [
        "full_fp16", "full_bf16", "cpu_offload_checkpointing", "fused_backward_pass",
      ],
      schedule: [
        "lr_scheduler_type", "lr_scheduler_args",
        "lr_scheduler_timescale", "lr_scheduler_min_lr_ratio", "lr_decay_steps",
      ],
      buckets: ["min_bucket_reso", "max_bucket_reso"],
      captions: [
        "caption_tag_dropout_rate", "caption_dropout_every_n_epochs", "token_warmup_min",
        "token_warmup_step", "secondary_separator", "caption_separator",
        "weighted_captions", "in_json",
      ],
      colors: ["color_aug", "face_crop_aug_range", "resize_interpolation"],
      continuing: [
        "dim_from_weights", "base_weights", "base_weights_multiplier", "initial_epoch",
        "initial_step", "skip_until_initial_step",
      ],
      "lora-train resume resumes runs of its own, and reads no state of sd-scripts": ["resume"],
      "the adapter is trained at strength 1": ["network_multiplier"],
      hub: [
        "huggingface_repo_id", "huggingface_repo_type", "huggingface_path_in_repo",
        "huggingface_token", "huggingface_repo_visibility", "save_state_to_huggingface",
        "resume_from_huggingface", "async_upload",
      ],
      metadata: [
        "save_precision", "training_comment", "metadata_title", "metadata_author",
        "metadata_description", "metadata_license", "metadata_tags", "metadata_usage_hint",
        "metadata_thumbnail", "metadata_trigger_phrase", "metadata_merged_from",
      ],
      "all validation images are always used": [
        "max_validation_steps", "validation_seed", "validate_every_n_epochs",
      ],
      "samples are drawn at the training resolution with the base model's own sampler": [
        "sample_sampler", "sample_at_first",
      ],
      several: ["deepspeed", "zero_stage", "ddp_timeout"],
      "such a dataset is not read": ["dataset_class", "custom_attributes", "metadata_file"],
      "repeats and captions of a folder are set in subject.yaml of the dataset": [
        "num_repeats", "dataset_repeats", "class_tokens",
      ],
      "the folder of the images is dataset, and that of class images prior_folder": [
        "image_dir", "is_reg",
      ],
      "it belongs into a dataset file": ["batch_size"],
      "checkpoints are saved at numbers of steps": ["save_n_epoch_ratio"],
    ]),
    notNeeded: fates([
      caches: [
        "cache_latents", "cache_latents_to_disk", "cache_text_encoder_outputs",
        "cache_text_encoder_outputs_to_disk", "cache_info", "skip_cache_check", "vae_batch_size",
        "text_encoder_batch_size",
      ],
      attention: ["xformers", "sdpa", "mem_eff_attn", "torch_compile", "dynamo_backend"],
      runs: [
        "output_dir", "save_model_as", "save_state", "save_state_on_train_end",
        "save_last_n_steps_state", "save_last_n_epochs_state", "use_safetensors", "output_config",
        "no_metadata",
      ],
      records: [
        "log_prefix", "log_tracker_name", "log_tracker_config",
        "log_config", "wandb_run_name", "wandb_api_key", "console_log_level", "console_log_file",
        "console_log_simple",
      ],
      "images are read once, for the caches": [
        "max_data_loader_n_workers", "persistent_data_loader_workers", "debug_dataset",
      ],
      "the VAE computes in fp32": ["no_half_vae"],
      "weights are loaded once, and released after use": [
        "lowram", "highvram", "disable_mmap_load_safetensors", "tokenizer_cache_dir",
      ],
      several: ["ddp_gradient_as_bucket_view", "ddp_static_graph"],
    ]))
}
