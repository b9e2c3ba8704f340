import Options
import Training

/// Loss, noise and timesteps.
extension KohyaTraining {
  mutating func setObjective() throws(ImportError) {
    try setLoss()
    try setNoise()
    try setTimesteps()
  }

  private mutating func setLoss() throws(ImportError) {
    let gamma = try options.number("min_snr_gamma")
    draft.set(\.objective.$minSNRGamma, to: gamma.flatMap { $0 > 0 ? $0 : nil })
    if let setting = options.take("debiased_estimation_loss"), !setting.value.isOff {
      if draft.config.objective.minSNRGamma == nil {
        draft.set(\.objective.$debiasedEstimation, to: true)
      } else {
        draft.note(
          setting, .noCounterpart,
          "sd-scripts multiplies the weights of min_snr_gamma by these; here the loss has one weighting"
        )
      }
    }
    let names = ["l2": LossKind.l2, "l1": .l1, "huber": .huber, "smooth_l1": .smoothL1]
    if let setting = options.take("loss_type") {
      draft.set(
        \.objective.$loss,
        to: try setting.converted({ names[$0.text] }, "l2, l1, huber or smooth_l1"))
    }
    if let setting = options.take("huber_schedule") {
      draft.set(
        \.objective.$huberSchedule,
        to: try setting.converted(
          { HuberSchedule(rawValue: $0.text) }, "constant, exponential or snr"))
    }
    if let value = try options.number("huber_c") { draft.set(\.objective.$huberC, to: value) }
    if let value = try options.number("huber_scale") {
      draft.set(\.objective.$huberScale, to: value)
    }
  }

  private mutating func setNoise() throws(ImportError) {
    for (name, option) in [
      ("noise_offset", \TrainingConfig.objective.$noiseOffset),
      ("adaptive_noise_scale", \.objective.$adaptiveNoiseScale),
      ("multires_noise_discount", \.objective.$multiresNoiseDiscount),
      ("ip_noise_gamma", \.objective.$inputPerturbation),
    ] {
      guard let setting = options.take(name), !setting.value.isOff else { continue }
      draft.set(option, to: try setting.number())
    }
    for (name, option) in [
      ("noise_offset_random_strength", \TrainingConfig.objective.$noiseOffsetRandomStrength),
      ("ip_noise_gamma_random_strength", \.objective.$perturbationRandomStrength),
    ] where try options.flag(name) {
      draft.set(option, to: true)
    }
    if let setting = options.take("multires_noise_iterations"), !setting.value.isOff {
      draft.set(\.objective.$multiresNoiseIterations, to: try setting.integer())
    }
    let objective = draft.config.objective
    if objective.noiseOffset > 0 || objective.multiresNoiseIterations > 0 {
      draft.note(
        "the noise of a batch", .approximated,
        "sd-scripts draws strengths and sizes once for a batch; here they are drawn for each image")
    }
  }

  private mutating func setTimesteps() throws(ImportError) {
    let lowest = try options.integer("min_timestep")
    let end = try options.integer("max_timestep")
    if let lowest, lowest > 0 { draft.set(\.objective.$minTimestep, to: lowest) }
    if let end {
      // Where no timestep lies between both, sd-scripts trains the end alone.
      let isSingle = end <= lowest ?? 0
      if isSingle { draft.set(\.objective.$minTimestep, to: end) }
      draft.set(\.objective.$maxTimestep, to: isSingle ? end + 1 : end)
    }
    if try options.flag("v_parameterization") {
      draft.set(\.objective.$prediction, to: .velocity)
    }
    guard let setting = options.take("zero_terminal_snr"), !setting.value.isOff else { return }
    if draft.config.objective.prediction == .velocity {
      draft.set(\.objective.$zeroTerminalSNR, to: true)
    } else {
      draft.note(
        setting, .noCounterpart,
        "here only models that predict the velocity (v_parameterization) train on pure noise")
    }
  }
}
