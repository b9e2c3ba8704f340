import NN

extension EMA.Settings {
  /// Nil without `ema`.
  init?(_ config: TrainingConfig) {
    guard let decay = config.optimization.ema else { return nil }
    self.init(decay: decay)
    warmsUp = config.optimization.emaWarmup
    invGamma = config.optimization.emaInvGamma
    power = config.optimization.emaPower
  }
}

extension OptimizerSettings {
  /// The constants that the options set.
  init(_ config: TrainingConfig) {
    self.init(
      beta1: config.optimization.beta1, beta2: config.optimization.beta2,
      epsilon: config.optimization.epsilon,
      weightDecay: config.optimization.weightDecay)
    d0 = config.optimization.prodigyD0
    dCoef = config.optimization.prodigyDCoef
    growthRate = config.optimization.prodigyGrowthRate ?? .infinity
    safeguardsWarmup = config.optimization.prodigySafeguardWarmup
    usesBiasCorrection = config.optimization.prodigyBiasCorrection
    takesRelativeSteps = config.optimization.adafactorRelativeStep
    scalesByParameter = config.optimization.adafactorScaleParameter
  }
}
