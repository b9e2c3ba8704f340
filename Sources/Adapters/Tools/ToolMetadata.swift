import Files
import NN
package import StableDiffusion

extension AdapterFile {
  /// The free text in the header that is still true of a file made from this one. Throws
  /// `WeightsError`, `AdapterFileError`.
  package func keptMetadata() throws -> [String: String] {
    try Self.metadata(of: url).filter { key, _ in
      !key.hasPrefix("sshs_") && ![AdapterMetadata.key, "modelspec.hash_sha256"].contains(key)
    }
  }
}

extension MadeAdapter {
  /// What other programs read of a network: base model, rank and alpha, as sd-scripts writes them.
  package func metadata(of unet: UNetConfiguration) -> [String: String] {
    let ranks = Set(changes.map(\.newRank))
    let alphas = Set(layers.values.compactMap(\.alpha))
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
