import NN

extension AdapterOptions {
  /// The module that makes such adapters in sd-scripts.
  var networkModule: String {
    [.lora, .rslora].contains(adapter) ? "networks.lora" : "lycoris.kohya"
  }

  /// The module's arguments, as sd-scripts records them.
  var networkArguments: [String: String] {
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
