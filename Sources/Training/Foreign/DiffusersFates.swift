extension ForeignFates {
  private static let embeddings = "the word that gets vectors of its own is the subject's"
  private static let layers = "targets decides the layers of the adapter"
  private static let prodigy = "it is what Prodigy's paper and its other users have"
  private static let hub = "a finished adapter is published by a command of its own"

  /// The flags of diffusers' script that no rule translates.
  package static let diffusers = ForeignFates(
    program: "diffusers' script",
    translated: [
      "pretrained_model_name_or_path", "instance_data_dir", "instance_prompt", "repeats",
      "resolution", "center_crop", "random_flip", "train_batch_size", "rank", "lora_alpha", "seed",
      "mixed_precision", "gradient_checkpointing", "gradient_accumulation_steps",
      "num_train_epochs", "max_train_steps", "optimizer", "use_8bit_adam", "learning_rate",
      "scale_lr", "adam_weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm",
      "lr_scheduler", "lr_warmup_steps", "lr_num_cycles", "lr_power",
      "prodigy_use_bias_correction", "prodigy_safeguard_warmup", "snr_gamma",
      "with_prior_preservation", "class_data_dir",
      "class_prompt", "num_class_images", "prior_loss_weight", "checkpointing_steps",
      "checkpoints_total_limit", "validation_prompt", "validation_epochs",
      "num_validation_images", "logging_dir", "report_to", "noise_offset", "use_dora",
      "lora_dropout",
      "train_text_encoder", "text_encoder_lr", "train_text_encoder_frac",
      "train_text_encoder_ti", "train_text_encoder_ti_frac", "num_new_tokens_per_abstraction",
      "initializer_concept",
    ],
    noCounterpart: fates([
      embeddings: [
        "token_abstraction"
      ],
      "one weight decay applies to all parts": ["adam_weight_decay_text_encoder"],
      "the penultimate layers are used, as SDXL was trained": ["clip_skip"],
      layers: ["lora_unet_blocks", "use_blora"],
      prodigy: ["prodigy_beta3", "prodigy_decouple"],
      hub: ["push_to_hub", "hub_token", "hub_model_id"],
      "EDM training is not available": ["do_edm_style_training"],
      "download the images into a folder; metadata.jsonl in it is read": [
        "dataset_name", "dataset_config_name", "image_column", "caption_column",
      ],
      "the base model is used as it is installed": ["revision", "variant"],
      "the VAE is that of the base model, and computes in fp32": [
        "pretrained_vae_model_name_or_path"
      ],
      "images are scaled by Pillow's bicubic filter": ["image_interpolation_mode"],
      "the crop is where the image is cropped": [
        "crops_coords_top_left_h", "crops_coords_top_left_w",
      ],
    ]),
    notNeeded: fates([
      "a run has its own folder below root, and every checkpoint resumes": [
        "output_dir", "resume_from_checkpoint", "cache_dir",
      ],
      "kohya's form is what a checkpoint has": ["output_kohya_format"],
      "class images are drawn in the run's number format": ["prior_generation_precision"],
      "class images are drawn one at a time": ["sample_batch_size"],
      "the fastest attention of the device is always used": [
        "enable_xformers_memory_efficient_attention", "enable_npu_flash_attention", "allow_tf32",
      ],
      "images are read once, for the caches": ["dataloader_num_workers", "cache_latents"],
      "a run uses one device": ["local_rank"],
    ]))
}
