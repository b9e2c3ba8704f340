import NN

/// A way to train that is drawn at random, as options of a configuration file.
struct DrawnMethod {
  private(set) var options: [String: String]
  private var random: SplitMix

  /// The same state of the random numbers gives the same options.
  init(_ random: SplitMix) {
    self.random = random
    options = [:]
    drawAdapter()
    drawOptimizer()
    drawDropout()
    drawObjective()
    drawText()
    drawAverage()
  }

  private mutating func pick<Value>(_ values: Value...) -> Value {
    values[random.below(values.count)]
  }

  private mutating func add(_ more: [String: String]) { options.merge(more) { $1 } }

  /// A kind of adapter, and its layers.
  private mutating func drawAdapter() {
    let kinds = AdapterMethod.allCases
    add([
      "adapter": kinds[random.below(kinds.count)].rawValue,
      "targets": pick("[to_q]", "[attn2]", "[mid_block]"),
    ])
    if ["lora", "rslora", "dora"].contains(options["adapter"]) {
      options["lora_plus_ratio"] = pick("null", "4")
    }
  }

  private mutating func drawOptimizer() {
    let kinds = OptimizerKind.allCases
    let kind = kinds[random.below(kinds.count)]
    add(["optimizer": kind.rawValue, "gradient_accumulation": pick("1", "2", "3")])
    if kind == .scheduleFreeAdamW { options["learning_rate_schedule"] = "constant" }
    if kind == .prodigy { options["lora_plus_ratio"] = "null" }
    if kind == .adafactor, pick(true, false) {
      add(["adafactor_relative_step": "true", "adafactor_scale_parameter": "true"])
    }
  }

  /// Dropouts half the time, and a limit of the norms where there can be one.
  private mutating func drawDropout() {
    add([
      "adapter_dropout": pick("0", "0.2"), "rank_dropout": pick("0", "0.3"),
      "module_dropout": pick("0", "0.1"),
    ])
    if options["optimizer"] != OptimizerKind.scheduleFreeAdamW.rawValue {
      options["scale_weight_norms"] = pick("null", "0.01")
    }
  }

  private mutating func drawObjective() {
    add([
      "loss": pick("l2", "l1", "huber", "smooth-l1"),
      "noise_offset": pick("0", "0.1"), "multires_noise_iterations": pick("0", "2"),
      "timestep_distribution": pick("uniform", "sigmoid", "logit-normal"),
      "conditioning_dropout": pick("0", "0.5"),
    ])
  }

  /// Trained text encoders, a new word, both or neither. Only without them can the base model's predictions
  /// be kept.
  private mutating func drawText() {
    let (hasEncoders, hasWord) = (pick(true, false), pick(true, false))
    guard hasEncoders || hasWord else {
      options["preservation"] = pick("images", "output")
      return
    }
    let hasRates =
      options["optimizer"] != OptimizerKind.prodigy.rawValue
      && (options["optimizer"] != OptimizerKind.adafactor.rawValue
        || options["adafactor_relative_step"] == nil)
    if hasEncoders {
      let choice = pick("1", "2", "both")
      add([
        "train_text_encoders": choice, "text_encoder_targets": pick("[q_proj, v_proj]", "[fc1]"),
      ])
      if hasRates {
        options["text_encoder_learning_rate"] =
          choice == "both" ? pick("null", "1e-3", "1e-3,5e-4") : pick("null", "1e-3")
      }
    }
    if hasWord {
      add(["embedding_tokens": pick("1", "3"), "embedding_init": pick("null", "a box")])
      if hasRates { options["embedding_learning_rate"] = pick("null", "1e-2") }
    }
    if pick(true, true, false) {
      options["text_encoder_stop_at"] = pick("null", "0.5", "4")
    } else {
      options["train_unet"] = "false"
    }
  }

  /// An average of the weights half the time, where there can be one.
  private mutating func drawAverage() {
    let canHaveAverage =
      options["embedding_tokens"] == nil
      && options["optimizer"] != OptimizerKind.scheduleFreeAdamW.rawValue
    let hasAverage = canHaveAverage && pick(true, false)
    if !hasAverage { add(["ema": "null", "evaluate": "adapter"]) }
  }
}
