import NN
import TestSupport
import Testing

@testable import Training

/// The options of the optimizer as its settings.
@Suite("Settings of the optimizer")
struct OptimizerSettingsTests {
  @Test("Every constant is that of its option")
  func optimizer() throws {
    let settings = OptimizerSettings(
      try TrainingConfig.reading(
        """
        beta1: 0.1
        beta2: 0.2
        epsilon: 0.3
        weight_decay: 0.4
        optimizer: prodigy
        prodigy_d0: 0.5
        prodigy_d_coef: 0.6
        prodigy_growth_rate: 1.7
        prodigy_safeguard_warmup: false
        prodigy_bias_correction: false
        """))
    #expect(
      [
        settings.beta1, settings.beta2, settings.epsilon, settings.weightDecay, settings.d0,
        settings.dCoef, settings.growthRate,
      ] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.7])
    #expect(!settings.safeguardsWarmup && !settings.usesBiasCorrection)
    let standard = OptimizerSettings(TrainingConfig())
    #expect(standard.safeguardsWarmup && standard.usesBiasCorrection)
    #expect(standard.growthRate == .infinity)
    #expect(!standard.takesRelativeSteps && !standard.scalesByParameter)
    let relative = OptimizerSettings(
      try TrainingConfig.reading(
        "optimizer: adafactor\nadafactor_relative_step: true\nadafactor_scale_parameter: false"))
    #expect(relative.takesRelativeSteps && !relative.scalesByParameter)
    let scaled = OptimizerSettings(
      try TrainingConfig.reading(
        "optimizer: adafactor\nadafactor_scale_parameter: true"))
    #expect(!scaled.takesRelativeSteps && scaled.scalesByParameter)
  }

  @Test("The average has the options' numbers")
  func average() throws {
    let settings = try #require(
      EMA.Settings(
        try TrainingConfig.reading(
          "ema: 0.9\nema_warmup: true\nema_inv_gamma: 3\nema_power: 0.25")))
    #expect(settings.decay == 0.9 && settings.warmsUp)
    #expect(settings.invGamma == 3 && settings.power == 0.25)
    #expect(EMA.Settings(TrainingConfig()) == nil)
  }

  @Test("The schedule has the options' shape, warm-up, cycles and power")
  func schedule() throws {
    func factors(_ yaml: String) throws -> [Double] {
      let schedule = LearningRateSchedule(try TrainingConfig.reading("steps: 12\n" + yaml))
      return (0..<12).map(schedule.factor(afterSteps:))
    }
    func factors(_ schedule: LearningRateSchedule) -> [Double] {
      (0..<12).map(schedule.factor(afterSteps:))
    }
    #expect(
      try factors(
        "learning_rate_schedule: cosine-with-restarts\nlearning_rate_cycles: 3\n"
          + "learning_rate_warmup_steps: 2")
        == factors(
          LearningRateSchedule(.cosineWithRestarts, warmupSteps: 2, steps: 12, cycles: 3, power: 1))
    )
    #expect(
      try factors("learning_rate_schedule: polynomial\nlearning_rate_power: 2.5")
        == factors(
          LearningRateSchedule(.polynomial, warmupSteps: 0, steps: 12, cycles: 1, power: 2.5)))
  }
}
