import Foundation

// The configuration files of models that had none: the keys that the loading classes need, with the
// names of diffusers and transformers.

extension UNetConfiguration {
  /// The content of `unet/config.json`.
  var fields: [String: Any] {
    var fields: [String: Any] = [
      "_class_name": "UNet2DConditionModel",
      "act_fn": "silu",
      "attention_head_dim": attentionHeadDim,
      "block_out_channels": blockOutChannels,
      "conv_in_kernel": convInKernel,
      "conv_out_kernel": convOutKernel,
      "cross_attention_dim": crossAttentionDim,
      "down_block_types": downBlockTypes.map(\.rawValue),
      "downsample_padding": downsamplePadding,
      "flip_sin_to_cos": flipSinToCos,
      "freq_shift": Int(freqShift),
      "in_channels": inChannels,
      "layers_per_block": layersPerBlock,
      "norm_eps": normEps,
      "norm_num_groups": normNumGroups,
      "out_channels": outChannels,
      "transformer_layers_per_block": transformerLayersPerBlock,
      "up_block_types": upBlockTypes.map(\.rawValue),
      "use_linear_projection": useLinearProjection,
    ]
    fields["sample_size"] = sampleSize
    fields["mid_block_type"] = midBlockType?.rawValue ?? NSNull()
    fields["time_embedding_dim"] = timeEmbeddingDim
    fields["addition_embed_type"] = additionEmbedType?.rawValue
    fields["addition_time_embed_dim"] = additionTimeEmbedDim
    fields["projection_class_embeddings_input_dim"] = projectionClassEmbeddingsInputDim
    return fields
  }
}

extension VAEConfiguration {
  /// The content of `vae/config.json`.
  var fields: [String: Any] {
    var fields: [String: Any] = [
      "_class_name": "AutoencoderKL",
      "act_fn": "silu",
      "block_out_channels": blockOutChannels,
      "down_block_types": blockOutChannels.map { _ in "DownEncoderBlock2D" },
      "force_upcast": forceUpcast,
      "in_channels": inChannels,
      "latent_channels": latentChannels,
      "layers_per_block": layersPerBlock,
      "mid_block_add_attention": midBlockAddAttention,
      "norm_num_groups": normNumGroups,
      "out_channels": outChannels,
      "sample_size": sampleSize,
      "scaling_factor": scalingFactor,
      "up_block_types": blockOutChannels.map { _ in "UpDecoderBlock2D" },
      "use_post_quant_conv": usePostQuantConv,
      "use_quant_conv": useQuantConv,
    ]
    fields["shift_factor"] = shiftFactor
    return fields
  }
}

extension CLIPTextConfiguration {
  /// The content of a text encoder's `config.json`.
  func fields(hasProjection: Bool) -> [String: Any] {
    [
      "architectures": [hasProjection ? "CLIPTextModelWithProjection" : "CLIPTextModel"],
      "bos_token_id": 0,
      "eos_token_id": eosTokenId,
      "hidden_act": hiddenAct.rawValue,
      "hidden_size": hiddenSize,
      "intermediate_size": intermediateSize,
      "layer_norm_eps": layerNormEps,
      "max_position_embeddings": maxPositionEmbeddings,
      "model_type": "clip_text_model",
      "num_attention_heads": numAttentionHeads,
      "num_hidden_layers": numHiddenLayers,
      "pad_token_id": 1,
      "projection_dim": projectionDim,
      "vocab_size": vocabSize,
    ]
  }
}

extension SchedulerConfiguration {
  /// The content of `scheduler/scheduler_config.json` of a model without one, whose sampler is Euler's.
  var fields: [String: Any] {
    [
      "_class_name": className,
      "beta_end": betaEnd,
      "beta_schedule": betaSchedule.rawValue,
      "beta_start": betaStart,
      "num_train_timesteps": numTrainTimesteps,
      "prediction_type": predictionType.rawValue,
      "rescale_betas_zero_snr": rescaleBetasZeroSnr,
      "steps_offset": stepsOffset,
      "timestep_spacing": timestepSpacing.rawValue,
    ]
  }
}
