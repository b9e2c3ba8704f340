package import Options

/// What a training minimises: the error of a prediction, the weights of timesteps, the noise, and what
/// keeps the class.
package struct ObjectiveOptions: OptionPart {
  package typealias Option<Value: OptionValue> = TrainingConfig.Option<Value>

  @Option(
    .objective,
    "Error of a predicted value. l2: its square. l1: its size. huber: the square of small errors, the "
      + "size of large ones. smooth-l1: the same with another scale.", value: "name")
  package var loss: LossKind = .l2
  @Option(
    .objective, "Errors about this large lie between square and size for huber and smooth-l1.",
    .positive, value: "x")
  package var huberC: Double = 0.1
  @Option(
    .objective, "Factor on `huber_c` for the schedules constant and exponential.", .positive,
    value: "x")
  package var huberScale: Double = 1.0
  @Option(
    .objective,
    "How `huber_c` follows the timestep. constant: not. exponential: from 1 down to it. snr: from 1 down to "
      + "it by the signal-to-noise ratio.", value: "shape")
  package var huberSchedule: HuberSchedule = .snr
  @Option(
    .objective, "Gamma of min-SNR loss weighting (Hang et al. 2023, section 3.4).", .positive,
    value: "x", unset: "no weighting")
  package var minSNRGamma: Double? = 5.0
  @Option(
    .objective,
    "Weight the loss by the inverse root of the signal-to-noise ratio (debiased estimation, Yu et al. "
      + "2023), which favours noisy timesteps.",
    check: { isOn, config in
      isOn && config.objective.minSNRGamma != nil
        ? "false unless `min_snr_gamma` is null, since the loss has one weighting" : nil
    })
  package var debiasedEstimation: Bool = false
  @Option(
    .objective, "Gamma of P2 loss weighting (Choi et al. 2022), for example 1.", .positive,
    value: "x", unset: "no P2 weighting",
    check: { gamma, config in
      guard gamma != nil else { return nil }
      if config.objective.minSNRGamma != nil {
        return "null unless `min_snr_gamma` is null, since the loss has one weighting"
      }
      return config.objective.debiasedEstimation
        ? "null unless `debiased_estimation` is false, since the loss has one weighting" : nil
    })
  package var p2Gamma: Double? = nil
  @Option(
    .objective,
    "Strength of a random shift of each channel's noise, with which a model learns dark and bright "
      + "pictures. About 0.05 is usual. 0: none.", .notNegative, value: "x")
  package var noiseOffset: Double = 0.0
  @Option(.objective, "Draw the strength of each sample from 0 to `noise_offset`.")
  package var noiseOffsetRandomStrength: Bool = false
  @Option(
    .objective,
    "Added to `noise_offset`: this times the size of the channel's mean latent.",
    Allowed("a number", contains: \.isFinite), value: "x",
    check: { scale, config in
      scale == 0 || config.objective.noiseOffset > 0
        ? nil : "0 unless `noise_offset` is above 0"
    })
  package var adaptiveNoiseScale: Double = 0.0
  @Option(
    .objective,
    "Most coarser layers of noise in multi-resolution noise. 6 to 10 are usual. 0: none.",
    .in(0...100), value: "n")
  package var multiresNoiseIterations: Int = 0
  @Option(
    .objective, "Strength of a layer of multi-resolution noise, relative to the one before.",
    Allowed("above 0 and at most 1") { $0 > 0 && $0 <= 1 }, value: "x")
  package var multiresNoiseDiscount: Double = 0.3
  @Option(
    .objective,
    "Strength of noise in the UNet's input that it is not asked to predict (Ning et al. 2023). 0.1 is "
      + "usual. 0: none.", .notNegative, value: "x")
  package var inputPerturbation: Double = 0.0
  @Option(.objective, "Draw the strength of each sample from 0 to `input_perturbation`.")
  package var perturbationRandomStrength: Bool = false
  @Option(
    .objective,
    "How often each timestep is trained. uniform: equally. sigmoid: by a rising curve. logit-normal: by a "
      + "bell.", value: "name")
  package var timestepDistribution: TimestepDistribution = .uniform
  @Option(
    .objective,
    "Steepness of the curve sigmoid, whose sign is its direction. For logit-normal the standard "
      + "deviation.", Allowed("a number", contains: \.isFinite), value: "x",
    check: { scale, config in
      config.objective.timestepDistribution != .logitNormal || scale > 0
        ? nil : "above 0 with `timestep_distribution` logit-normal"
    })
  package var timestepScale: Double = 1.0
  @Option(
    .objective,
    "Middle of the curve sigmoid: 0.1 lies a tenth of the timesteps above their middle. For logit-normal "
      + "the mean of the normal numbers.", Allowed("a number", contains: \.isFinite), value: "x")
  package var timestepBias: Double = 0.0
  @Option(.objective, "Lowest timestep to train.", .in(0...99_999), value: "n")
  package var minTimestep: Int = 0
  @Option(
    .objective, "End of the timesteps to train, which is not trained itself.", .in(1...100_000),
    value: "n", unset: "all timesteps of the model, 1000 for SDXL",
    check: { end, config in
      guard let end, end <= config.objective.minTimestep else { return nil }
      return "above the \(config.objective.minTimestep) of `min_timestep`"
    })
  package var maxTimestep: Int? = nil
  @Option(
    .objective,
    "Fraction of the samples trained with zeros in place of the text's embeddings, which is what SDXL's samplers "
      + "take for no negative prompt.", .share, value: "x")
  package var conditioningDropout: Double = 0.0
  @Option(
    .objective,
    "What the base model predicts. model: what its files state. epsilon: the noise. v: the velocity. For "
      + "models whose files are wrong; the samples follow it.", value: "name")
  package var prediction: PredictionChoice = .model
  @Option(
    .objective,
    "Train on timesteps whose last is pure noise (Lin et al. 2023), for models that predict the velocity. "
      + "The samples follow it.",
    check: { isOn, config in
      isOn && config.objective.prediction == .epsilon
        ? "false with `prediction` epsilon, since pure noise contains nothing of the picture" : nil
    })
  package var zeroTerminalSNR: Bool = false
  @Option(
    .prior,
    "What keeps the model from forgetting the class. images: class images, if there are some. output: the base "
      + "model's own predictions for captions with the class in place of the subject, without class images.",
    value: "name")
  package var preservation: Preservation = .images
}
