package import Options

extension TrainingConfig {
  /// What an option of another trainer is here: sd-scripts, diffusers, OneTrainer or ai-toolkit. Names
  /// with dashes count as names in snake_case.
  package static func foreign(_ name: String) -> ForeignName? {
    let name = foreignKey(name)
    for fates in [ForeignFates.kohya, .diffusers] {
      if let reason = fates.noCounterpart[name] {
        return ForeignName(name, of: fates.program, hasNone: reason)
      }
      if let reason = fates.notNeeded[name] {
        return ForeignName(name, of: fates.program, isNotNeeded: reason)
      }
    }
    for program in programs {
      if let answer = program.here[name] {
        return ForeignName(name, of: program.name, is: answer)
      }
      if let reason = program.noCounterpart[name] {
        return ForeignName(name, of: program.name, hasNone: reason)
      }
      if let reason = program.notNeeded[name] {
        return ForeignName(name, of: program.name, isNotNeeded: reason)
      }
    }
    return nil
  }

  /// Another program's names without an entry in ``ForeignFates``. No program has a name twice.
  struct ForeignProgram {
    let name: String
    /// The names of options with a counterpart, and what they are here.
    let here: [String: String]
    /// The names of options without a counterpart, and why.
    var noCounterpart: [String: String] = [:]
    /// The names of options that are not needed, and why.
    var notNeeded: [String: String] = [:]
  }

  /// The first program with a name is the one that answers.
  static let programs = [
    ForeignProgram(
      name: "sd-scripts", here: kohya,
      noCounterpart: [
        "network_module": "a LoRA is trained",
        "caption_extension": captionFiles, "caption_extention": captionFiles,
      ],
      notNeeded: [
        "network_train_unet_only": "only the UNet is trained unless `train_text_encoders` is set"
      ]),
    ForeignProgram(
      name: "diffusers", here: diffusers,
      noCounterpart: [
        "scale_lr": "the learning rate is used as it is given"
      ]),
    ForeignProgram(
      name: "OneTrainer", here: oneTrainer,
      noCounterpart: [
        "ema_update_step_interval": "the average is updated after each step",
        "generalized_offset_noise": "the shift of the noise is the same at all timesteps",
      ],
      notNeeded: ["temp_device": "weights are released after use"]),
    ForeignProgram(
      name: "ai-toolkit", here: toolkit,
      noCounterpart: [
        "job": groups, "process": groups,
      ]),
    ForeignProgram(
      name: "other programs", here: common,
      notNeeded: ["workers": loaders, "num_workers": loaders]),
  ]

  private static let captionFiles = "captions are read from .txt, .caption and JSON files"
  private static let loaders = "images are read once, for the caches"
  private static let groups = "write the options of its groups as lines of their own"
  private static let subjectFile = "in subject.yaml of the dataset"

  private static let kohya = [
    "pretrained_model_name_or_path": "`model`", "network_dim": "`rank`",
    "network_alpha": "`alpha`", "network_weights": "`init_lora`",
    "network_args": "`adapter`, `targets` and `layer_ranks`",
    "network_train_text_encoder_only": "`train_unet: false`",
    "num_vectors_per_token": "`embedding_tokens`", "init_word": "`embedding_init`",
    "token_string": "trigger \(subjectFile)",
    "unet_lr": "`learning_rate`", "text_encoder_lr": "`text_encoder_learning_rate`",
    "optimizer_type": "`optimizer`",
    "use_8bit_adam": "`optimizer: adamw-8bit`", "use_lion_optimizer": "`optimizer: lion`",
    "lr_scheduler_num_cycles": "`learning_rate_cycles`",
    "lr_scheduler_power": "`learning_rate_power`",
    "optimizer_args": "`weight_decay`, `beta1`, `beta2` and `epsilon`",
    "max_grad_norm": "`max_gradient_norm`", "lr_scheduler": "`learning_rate_schedule`",
    "lr_warmup_steps": "`learning_rate_warmup_steps`", "max_train_steps": "`steps`",
    "max_train_epochs": "`epochs`", "train_batch_size": "`batch_size`",
    "gradient_accumulation_steps": "`gradient_accumulation`", "mixed_precision": "`precision`",
    "save_every_n_steps": "`checkpoint_every`",
    "save_every_n_epochs": "`checkpoint_every` here, in steps",
    "save_last_n_steps": "`keep_last` here, a number of checkpoints",
    "save_last_n_epochs": "`keep_last`",
    "sample_every_n_steps": "`sample_every`",
    "sample_every_n_epochs": "`sample_every` here, in steps",
    "prior_loss_weight": "`prior_weight`", "train_data_dir": "`dataset`",
    "reg_data_dir": "`prior_folder`",
    "dataset_config": "a file that lora-train import-config translates",
    "config_file": "a file that lora-train import-config translates",
    "enable_bucket": "`buckets`", "bucket_reso_steps": "`bucket_step`",
    "bucket_no_upscale": "`upscale: false`", "flip_aug": "`flip`", "random_crop": "`crop: random`",
    "shuffle_caption": "`caption_shuffle`", "caption_dropout_rate": "`caption_dropout`",
    "enable_wildcard": "`caption_alternatives`", "max_token_length": "`max_caption_tokens`",
    "alpha_mask": "`masks`", "masked_loss": "`masks`",
    "validation_split": "`validation_images` here, a number of images, not a share",
    "validate_every_n_steps": "`validate_every`", "output_name": "`subject`",
    "logging_dir": "`tensorboard`", "log_with": "`tensorboard`",
    "fp8_base": "`frozen_weights: fp8`", "fp8_base_unet": "`frozen_weights: fp8`",
    "blocks_to_swap": "`frozen_weights: offloaded`",
    "loss_type": "`loss`", "debiased_estimation_loss": "`debiased_estimation`",
    "ip_noise_gamma": "`input_perturbation`",
    "ip_noise_gamma_random_strength": "`perturbation_random_strength`",
    "v_parameterization": "`prediction: v`",
    "network_dropout": "`adapter_dropout`",
  ]

  private static let diffusers = [
    "instance_data_dir": "`dataset`", "instance_prompt": "caption \(subjectFile)",
    "class_prompt": "`class_prompts`", "repeats": "repeats \(subjectFile)",
    "center_crop": "`crop: center`", "random_flip": "`flip`", "lora_alpha": "`alpha`",
    "train_text_encoder_ti": "`embedding_tokens`",
    "train_text_encoder_ti_frac": "`text_encoder_stop_at`",
    "num_new_tokens_per_abstraction": "`embedding_tokens`",
    "initializer_concept": "`embedding_init`", "initializer_token": "`embedding_init`",
    "num_vectors": "`embedding_tokens`", "placeholder_token": "trigger \(subjectFile)",
    "train_text_encoder": "`train_text_encoders: both`",
    "train_text_encoder_frac": "`text_encoder_stop_at`",
    "num_train_epochs": "`epochs`", "lr_num_cycles": "`learning_rate_cycles`",
    "lr_power": "`learning_rate_power`", "use_dora": "`adapter: dora`",
    "lora_dropout": "`adapter_dropout`",
    "prodigy_use_bias_correction": "`prodigy_bias_correction`",
    "adam_weight_decay": "`weight_decay`",
    "snr_gamma": "`min_snr_gamma`", "prediction_type": "`prediction`",
    "with_prior_preservation": "`prior_images`",
    "class_data_dir": "`prior_folder`", "num_class_images": "`prior_images`",
    "checkpointing_steps": "`checkpoint_every`", "checkpoints_total_limit": "`keep_last`",
    "validation_prompt": "`sample_prompts`", "validation_epochs": "`sample_every` here, in steps",
    "num_validation_images": "`sample_seeds` here, one for each picture",
    "report_to": "`tensorboard`", "use_ema": "`ema` here, a decay such as 0.999",
  ]

  private static let oneTrainer = [
    "base_model_name": "`model`", "learning_rate_scheduler": "`learning_rate_schedule`",
    "lora_rank": "`rank`", "lora_model_name": "`init_lora`", "layer_filter": "`targets`",
    "train_dtype": "`precision`", "weight_dtype": "`precision`", "concept_file_name": "`dataset`",
    "save_every": "`checkpoint_every`", "sample_after": "`sample_every`",
    "validate_after": "`validate_every`", "masked_training": "`masks`",
    "unmasked_weight": "`mask_floor`", "clip_grad_norm": "`max_gradient_norm`",
    "aspect_ratio_bucketing": "`buckets`", "output_model_destination": "`root`",
    "sample_definition_file_name": "`sample_prompts`",
    "dropout_probability": "`adapter_dropout`",
    "ema_decay": "`ema`", "non_ema_sampling": "`evaluate`",
    "offset_noise_weight": "`noise_offset`",
    "perturbation_noise_weight": "`input_perturbation` here, whose noise is not predicted",
    "loss_weight_fn": "`min_snr_gamma`, `debiased_estimation` or `p2_gamma`",
    "loss_weight_strength": "`min_snr_gamma` or `p2_gamma`", "huber_delta": "`huber_c`",
    "mse_strength": "`loss: l2`", "mae_strength": "`loss: l1`", "huber_strength": "`loss: huber`",
    "noising_weight": "`timestep_scale` here, for logit-normal one more",
    "noising_bias": "`timestep_bias`",
    "min_noising_strength": "`min_timestep` here, a number of timesteps",
    "max_noising_strength": "`max_timestep` here, a number of timesteps",
    "rescale_noise_scheduler_to_zero_terminal_snr": "`zero_terminal_snr`",
    "force_v_prediction": "`prediction: v`", "force_epsilon_prediction": "`prediction: epsilon`",
    "train_device": "`device`", "layer_offload_fraction": "`frozen_weights: offloaded`",
  ]

  private static let toolkit = [
    "lr": "`learning_rate`", "linear": "`rank`", "linear_alpha": "`alpha`", "dtype": "`precision`",
    "max_step_saves_to_keep": "`keep_last`", "folder_path": "`dataset`",
    "trigger_word": "trigger \(subjectFile)", "default_caption": "caption \(subjectFile)",
    "shuffle_tokens": "`caption_shuffle`", "name_or_path": "`model`",
    "guidance_scale": "`sample_guidance`", "training_folder": "`root`",
    "ema_config": "`ema`",
    "min_denoising_steps": "`min_timestep`", "max_denoising_steps": "`max_timestep`",
    "diff_output_preservation": "`preservation: output`",
    "diff_output_preservation_multiplier": "`prior_weight`",
    "diff_output_preservation_class": "class_word \(subjectFile)",
    "lr_scheduler_params": "`learning_rate_schedule`", "prompts": "`sample_prompts`",
  ]

  /// Names that are plausible, whoever has them.
  private static let common = [
    "dim": "`rank`", "r": "`rank`", "lora_r": "`rank`", "lora_dim": "`rank`",
    "target_modules": "`targets`", "batch": "`batch_size`", "max_steps": "`steps`",
    "num_steps": "`steps`", "iterations": "`steps`", "train_steps": "`steps`",
    "num_epochs": "`epochs`", "max_epochs": "`epochs`", "epoch": "`epochs`",
    "data_dir": "`dataset`", "images": "`dataset`", "data": "`dataset`",
    "input_dir": "`dataset`", "checkpoint": "`model`", "base_model": "`model`",
    "ckpt": "`model`", "lr_schedule": "`learning_rate_schedule`",
    "warmup": "`learning_rate_warmup_steps`",
    "warmup_steps": "`learning_rate_warmup_steps`", "save_steps": "`checkpoint_every`",
    "grad_accum": "`gradient_accumulation`", "grad_accumulation": "`gradient_accumulation`",
    "accumulation_steps": "`gradient_accumulation`", "fp16": "`precision: fp16`",
    "bf16": "`precision: bf16`", "gpu": "`device`", "name": "`subject`",
    "trigger": "trigger \(subjectFile)", "class_word": "class_word \(subjectFile)",
    "class_name": "class_word \(subjectFile)", "caption": "caption \(subjectFile)",
    "sample_prompt": "`sample_prompts`", "sample_seed": "`sample_seeds`",
    "reg_images": "`prior_folder`", "lora": "`init_lora` here, which starts a training from a LoRA",
    "output": "`root` here, the folder of all runs",
    "outdir": "`root` here, the folder of all runs", "size": "`resolution`",
    "width": "`resolution`",
    "grad_checkpointing": "`gradient_checkpointing`",
    "gradient_clipping": "`max_gradient_norm`", "vram": "`memory`", "low_vram": "`memory`",
    "lowvram": "`memory`", "offload": "`frozen_weights: offloaded`",
  ]
}
