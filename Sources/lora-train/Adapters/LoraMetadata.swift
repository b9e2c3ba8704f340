import Adapters
import ArgumentParser
import Files
import NN
import StableDiffusion

/// The free text in the headers of LoRA files that tools write.
enum LoraMetadata {
  /// The text of a file that is still true of a file made from it. Throws `WeightsError`,
  /// `AdapterFileError`.
  static func kept(of adapter: AdapterFile) throws -> [String: String] {
    try AdapterFile.metadata(of: adapter.url).filter { key, _ in
      !key.hasPrefix("sshs_") && !["lora_adapter_metadata", "modelspec.hash_sha256"].contains(key)
    }
  }

  /// What other programs read of a network: base model, rank and alpha, as sd-scripts writes them.
  static func network(_ made: MadeAdapter, of unet: UNetConfiguration) -> [String: String] {
    let ranks = Set(made.changes.map(\.newRank))
    let alphas = Set(made.layers.values.compactMap(\.alpha))
    func text(_ value: String?, _ isSingle: Bool) -> String { isSingle ? value ?? "" : "Dynamic" }
    var metadata = [
      "ss_network_module": "networks.lora",
      "ss_network_dim": text(ranks.first.map { "\($0)" }, ranks.count == 1),
      "ss_network_alpha": text(alphas.first?.short, alphas.count == 1),
    ]
    metadata["ss_base_model_version"] = SDXLVersion(unet)?.kohyaName
    return metadata
  }
}

/// The progress of a tool that works layer by layer.
enum LayerProgress {
  /// Runs the work, shows its progress, and ends it with exit code 130 if the user stops it.
  static func run<Result>(
    _ work: ((_ done: Int, _ count: Int) throws -> Void) throws -> Result
  ) throws -> Result {
    let signal = StopSignal()
    let line = StatusLine()
    defer { line.end() }
    do {
      return try work { done, count in
        if signal.isRaised { throw Stopped() }
        line.show("Layer \(done) of \(count)")
      }
    } catch is Stopped {
      throw ExitCode(130)
    }
  }
}
