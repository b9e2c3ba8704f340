package import NN
package import Options

/// How an adapter is optimized: the optimizer and its learning rate.
package struct OptimizationOptions: OptionPart {
  package typealias Option<Value: OptionValue> = TrainingConfig.Option<Value>

  @Option(
    .optimizer,
    "Optimizer. prodigy finds the learning rate itself. adamw-8bit needs a quarter of the memory for its "
      + "state.",
    value: "name", resume: .never)
  package var optimizer: OptimizerKind = .standard
  @Option(
    .optimizer,
    "Peak learning rate. For an optimizer that finds the rate itself, 1.", .notNegative, value: "x",
    unset: "that of the optimizer, 1e-4 for adamw",
    follows: .option(\.optimization.$optimizer, with: { $0.optimization.standardRate }),
    check: { rate, config in config.optimization.problem(ofRate: rate) })
  package var learningRate: Double = 1e-4
  @Option(
    .optimizer,
    "Factors on the learning rate by patterns of layers, such as {down_blocks.1: 0.5}. The longest pattern "
      + "that matches counts.",
    Allowed("numbers of at least 0 by patterns") {
      $0.numbers.values.allSatisfy { $0 >= 0 && $0.isFinite }
    }, value: "pattern=factor", unset: "one rate for all layers",
    check: { rates, config in
      rates.numbers.isEmpty || config.optimization.optimizer != .prodigy
        ? nil : "empty with prodigy, which finds one rate for all layers"
    })
  package var layerRates: LayerNumbers<Double> = LayerNumbers([:])
  @Option(
    .optimizer,
    "Factor on the learning rate of the LoRA's up matrices (LoRA+, Hayou et al. 2024, who advise 16).",
    .positive, value: "x", unset: "the same rate for both matrices",
    check: { ratio, config in
      guard ratio != nil else { return nil }
      if config.optimization.optimizer == .prodigy {
        return "null with prodigy, which finds one rate for all matrices"
      }
      let kind = config.adaptation.adapter
      return kind.hasUpMatrix ? nil : "null with \(kind.rawValue), which has no up matrix"
    })
  package var loraPlusRatio: Double? = nil
  @Option(
    .optimizer,
    "Learning rate after the warm-up. All shapes but constant fall to 0 at the last step, polynomial "
      + "almost.",
    value: "shape",
    check: { shape, config in
      config.optimization.optimizer == .scheduleFreeAdamW && shape != .constant
        ? "constant with adamw-schedule-free, which needs no schedule" : nil
    })
  package var learningRateSchedule: LearningRateSchedule.Shape = .constant
  @Option(
    .optimizer, "Number of cosines of the schedule cosine-with-restarts.", .in(1...10_000),
    value: "n")
  package var learningRateCycles: Int = 1
  @Option(.optimizer, "Exponent of the schedule polynomial.", .positive, value: "x")
  package var learningRatePower: Double = 1.0
  @Option(
    .optimizer, "Number of steps in which the learning rate rises from 0.", value: "n",
    check: { warmUp, config in
      let most = config.epochs == nil ? config.steps : 10_000_000
      return (0...max(0, most)).contains(warmUp)
        ? nil : "a whole number from 0 to the \(most) steps of the run"
    })
  package var learningRateWarmupSteps: Int = 0
  @Option(.optimizer, "Decoupled weight decay.", .notNegative, value: "x")
  package var weightDecay: Double = 1e-2
  @Option(
    .optimizer, "beta1 of the optimizer: decay of the average gradient.", .properShare, value: "x",
    formerly: ["adam_beta1"])
  package var beta1: Double = 0.9
  @Option(
    .optimizer,
    "beta2 of the optimizer: decay of the average squared gradient, or lion's of the average gradient.",
    .properShare, value: "x", unset: "0.999, with lion 0.99", formerly: ["adam_beta2"],
    follows: .option(\.optimization.$optimizer) { $0 == .lion ? 0.99 : 0.999 })
  package var beta2: Double = 0.999
  @Option(
    .optimizer, "epsilon of the optimizer, added to the denominator of the update.", .positive,
    value: "x", formerly: ["adam_epsilon"])
  package var epsilon: Double = 1e-8
  @Option(
    .optimizer,
    "Step sizes of adafactor follow from the number of steps. Otherwise from `learning_rate`.",
    resume: ofAdafactor)
  package var adafactorRelativeStep: Bool = false
  @Option(
    .optimizer,
    "Steps of adafactor are relative to the size of the trained tensor. Half of a LoRA's tensors begin at 0, "
      + "so a LoRA then hardly learns.", follows: .option(\.optimization.$adafactorRelativeStep),
    resume: ofAdafactor)
  package var adafactorScaleParameter: Bool = false
  @Option(
    .optimizer, "prodigy's first estimate of the learning rate.", .positive, value: "x",
    resume: .neverUnless {
      $0.optimization.optimizer != .prodigy && $1.optimization.optimizer != .prodigy
    })
  package var prodigyD0: Double = 1e-6
  @Option(
    .optimizer, "Factor on the learning rate that prodigy finds. Others than 1 are worth a try.",
    .positive, value: "x")
  package var prodigyDCoef: Double = 1.0
  @Option(
    .optimizer, "Most that prodigy's learning rate may grow in a step, as a factor.",
    Allowed("a number above 1") { $0 > 1 }, value: "x", unset: "no limit")
  package var prodigyGrowthRate: Double? = nil
  @Option(
    .optimizer, "Keep the rates of a warm-up out of prodigy's estimate, which is then better.")
  package var prodigySafeguardWarmup: Bool = true
  @Option(
    .optimizer, "Correct prodigy's averages for their start at zero, as AdamW does.")
  package var prodigyBiasCorrection: Bool = true
  @Option(
    .optimizer, "Maximum norm of the gradient. A larger gradient is scaled down to it.", .positive,
    value: "x", unset: "no limit")
  package var maxGradientNorm: Double? = 1.0
  @Option(
    .optimizer,
    "Decay of a moving average of the trained weights, such as 0.999. Checkpoints contain it beside the "
      + "weights.", .properShare, value: "x", unset: "no average",
    check: { decay, config in
      decay != nil && config.optimization.optimizer == .scheduleFreeAdamW
        ? "null with adamw-schedule-free, whose saved weights are averages already" : nil
    })
  package var ema: Double? = nil
  @Option(
    .optimizer,
    "Let the decay of `ema` rise as 1 - 1 / (1 + step / `ema_inv_gamma`) ^ `ema_power`. Otherwise as "
      + "(1 + step) / (10 + step).")
  package var emaWarmup: Bool = false
  @Option(.optimizer, "Number of steps that counts as one in `ema_warmup`.", .positive, value: "x")
  package var emaInvGamma: Double = 1.0
  @Option(
    .optimizer, "Exponent of `ema_warmup`. 2/3 for a million steps, 3/4 for fewer.", .positive,
    value: "x")
  package var emaPower: Double = 0.75

  /// Only adafactor's own options change its training. Earlier versions had other defaults, which records of
  /// other optimizers contain.
  private static let ofAdafactor = ResumeRule<TrainingConfig>.allowedIf {
    $0.optimization.optimizer != .adafactor && $1.optimization.optimizer != .adafactor
  }

  /// Why no learning rate can be given; nil if one can.
  var rateProblem: String? {
    switch optimizer {
    case .prodigy: "with prodigy, which finds the rate itself (`prodigy_d_coef` scales it)"
    case .adafactor where adafactorRelativeStep:
      "with adafactor, which finds the rate itself, unless `adafactor_relative_step` is false"
    default: nil
    }
  }

  /// The learning rate where none is given.
  var standardRate: Double { rateProblem == nil ? optimizer.standardRate : 1 }

  /// What a learning rate must be instead, and why; nil if the optimizer can use it.
  func problem(ofRate rate: Double) -> String? {
    if let rateProblem { return rate == 0 || rate == 1 ? nil : "1 \(rateProblem)" }
    return optimizer == .adafactor && rate == 1
      ? "a rate such as 1e-4 with adafactor, unless `adafactor_relative_step` is true" : nil
  }
}
