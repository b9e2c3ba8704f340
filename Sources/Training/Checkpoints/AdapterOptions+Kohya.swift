import NN

extension AdapterOptions {
  /// The module that makes such adapters in sd-scripts.
  var networkModule: String {
    [.lora, .rslora].contains(adapter) ? "networks.lora" : "lycoris.kohya"
  }

  /// The module's arguments, as sd-scripts records them.
  var networkArguments: [String: String] {
    let dropouts = ["rank_dropout": rankDropout, "module_dropout": moduleDropout]
    return kindArguments.merging(dropouts.filter { $0.value > 0 }.mapValues { "\($0)" }) { $1 }
  }

  private var kindArguments: [String: String] {
    switch adapter {
    case .lora, .rslora: [:]
    case .dora: ["algo": "lora", "dora_wd": "True"]
    case .loha: ["algo": "loha"]
    case .lokr:
      [
        "algo": "lokr", "factor": "\(lokrFactor)",
        "decompose_both": lokrDecomposeBoth ? "True" : "False",
      ]
    }
  }
}

extension OptimizerKind {
  /// The class that sd-scripts records for the optimizer.
  var className: String {
    switch self {
    case .adamW: "torch.optim.AdamW"
    case .adamW8bit: "bitsandbytes.optim.adamw.AdamW8bit"
    case .adafactor: "transformers.optimization.Adafactor"
    case .lion: "lion_pytorch.lion_pytorch.Lion"
    case .prodigy: "prodigyopt.prodigy.Prodigy"
    case .scheduleFreeAdamW: "schedulefree.adamw_schedulefree.AdamWScheduleFree"
    }
  }
}
