import NN
import Training

/// A way to train that is drawn at random, as options of a configuration file.
struct DrawnMethod {
  private(set) var options: [String: String]
  private let adapter: AdapterMethod
  private let optimizer: OptimizerKind
  private var random: SplitMix

  /// Returns `count` methods. Each kind of adapter and each optimizer comes equally often, give or take one.
  /// The same seed gives the same methods.
  static func draw(_ count: Int, seed: UInt64) -> [DrawnMethod] {
    var random = SplitMix(state: seed &* 1_000_003)
    let adapters = deal(count, of: AdapterMethod.allCases, &random)
    let optimizers = deal(count, of: OptimizerKind.allCases, &random)
    return (0..<count).map {
      DrawnMethod(adapters[$0], optimizers[$0], SplitMix(state: random.state &+ UInt64($0)))
    }
  }

  /// Shuffled decks of all values, one after the other.
  private static func deal<Value>(
    _ count: Int, of values: [Value], _ random: inout SplitMix
  ) -> [Value] {
    var dealt: [Value] = []
    while dealt.count < count {
      var deck = values
      while !deck.isEmpty { dealt.append(deck.remove(at: random.below(deck.count))) }
    }
    return dealt
  }

  private init(_ adapter: AdapterMethod, _ optimizer: OptimizerKind, _ random: SplitMix) {
    self.adapter = adapter
    self.optimizer = optimizer
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

  /// Whether the optimizer finds its rate itself.
  private var findsRate: Bool {
    optimizer == .prodigy || options["adafactor_relative_step"] == "true"
  }

  /// A kind of adapter, and its layers.
  private mutating func drawAdapter() {
    add([
      "adapter": adapter.rawValue, "targets": pick("[to_q]", "[attn2]", "[mid_block]"),
      "layer_ranks": pick("{}", "{mid_block: 2}"), "precision": pick("fp32", "fp32", "bf16"),
      "batch_size": pick("1", "1", "2"),
    ])
    switch adapter {
    case .lora, .rslora:
      options["adapter_initialization"] = pick("null", "kaiming", "pissa")
    case .lokr:
      add(["lokr_factor": pick("-1", "2"), "lokr_decompose_both": pick("false", "true")])
    case .dora, .loha: break
    }
  }

  private mutating func drawOptimizer() {
    add(["optimizer": optimizer.rawValue, "gradient_accumulation": pick("1", "2", "3")])
    switch optimizer {
    case .scheduleFreeAdamW: options["learning_rate_schedule"] = "constant"
    case .prodigy:
      add([
        "prodigy_d0": pick("1e-6", "1e-3"), "prodigy_growth_rate": pick("null", "1.5"),
        "prodigy_safeguard_warmup": pick("true", "false"),
        "prodigy_bias_correction": pick("true", "false"),
      ])
    case .adafactor:
      let isRelative = pick("true", "false")
      add(["adafactor_relative_step": isRelative, "adafactor_scale_parameter": isRelative])
    default: break
    }
    if optimizer != .scheduleFreeAdamW {
      options["learning_rate_schedule"] = pick(
        "constant", "linear", "cosine", "cosine-with-restarts", "polynomial", "rex")
    }
    guard optimizer != .prodigy else { return }
    options["layer_rates"] = pick("{}", "{mid_block: 0.5}")
    if [.lora, .rslora, .dora].contains(adapter) { options["lora_plus_ratio"] = pick("null", "4") }
  }

  /// Dropouts half the time, and a limit of the norms where there can be one.
  private mutating func drawDropout() {
    add([
      "adapter_dropout": pick("0", "0.2"), "rank_dropout": pick("0", "0.3"),
      "module_dropout": pick("0", "0.1"),
    ])
    if optimizer != .scheduleFreeAdamW, options["adapter_initialization"] != "pissa" {
      options["scale_weight_norms"] = pick("null", "0.01")
    }
  }

  private mutating func drawObjective() {
    add([
      "loss": pick("l2", "l1", "huber", "smooth-l1"),
      "huber_schedule": pick("constant", "exponential", "snr"),
      "noise_offset": pick("0", "0.1"), "multires_noise_iterations": pick("0", "2"),
      "noise_offset_random_strength": pick("true", "false"),
      "input_perturbation": pick("0", "0.1"),
      "perturbation_random_strength": pick("true", "false"),
      "timestep_distribution": pick("uniform", "sigmoid", "logit-normal"),
      "conditioning_dropout": pick("0", "0.5"),
    ])
    let weightings: [[String: String]] = [
      [:], ["min_snr_gamma": "null"], ["min_snr_gamma": "null", "debiased_estimation": "true"],
      ["min_snr_gamma": "null", "p2_gamma": "1"],
    ]
    add(weightings[random.below(weightings.count)])
    if pick(true, false, false) { add(["prediction": "v", "zero_terminal_snr": "true"]) }
  }

  /// Trained text encoders, a new word, both or neither. Only without them can the base model's predictions
  /// be kept.
  private mutating func drawText() {
    let (hasEncoders, hasWord) = (pick(true, false), pick(true, false))
    guard hasEncoders || hasWord else {
      options["preservation"] = pick("images", "output")
      return
    }
    if hasEncoders {
      let choice = pick("1", "2", "both")
      add([
        "train_text_encoders": choice, "text_encoder_targets": pick("[q_proj, v_proj]", "[fc1]"),
      ])
      if !findsRate {
        options["text_encoder_learning_rate"] =
          choice == "both" ? pick("null", "1e-3", "1e-3,5e-4") : pick("null", "1e-3")
      }
    }
    if hasWord {
      add(["embedding_tokens": pick("1", "3"), "embedding_init": pick("null", "a box")])
      if !findsRate { options["embedding_learning_rate"] = pick("null", "1e-2") }
    }
    if pick(true, true, false) {
      options["text_encoder_stop_at"] = pick("null", "0.5", "4")
    } else {
      options["train_unet"] = "false"
    }
  }

  /// An average of the weights half the time, where there can be one.
  private mutating func drawAverage() {
    let canHaveAverage = options["embedding_tokens"] == nil && optimizer != .scheduleFreeAdamW
    if canHaveAverage, pick(true, false) {
      options["ema_warmup"] = pick("true", "false")
    } else {
      add(["ema": "null", "evaluate": "adapter"])
    }
  }
}
