import Foundation

/// The files that this program reads of a model in diffusers' layout, chosen by their names: for
/// downloads. Pickled weights are never among them.
package struct ModelFiles: Sendable {
  private typealias Component = ModelDirectory.Component

  /// The variant of weights in half precision.
  package static let halfPrecision = "fp16"

  package let kind: ModelKind
  /// Paths in the folder, sorted.
  package let paths: [String]

  /// Configurations and vocabularies, which are small.
  package var descriptions: [String] { paths.filter { !$0.hasSuffix(".safetensors") } }

  /// Chooses files.
  ///
  /// - Parameters:
  ///   - names: the paths of all files that there are.
  ///   - place: the repository or folder, for messages.
  ///   - variant: `fp16` for weights in half precision where there are any; nil for full precision
  ///     where there is any.
  ///
  /// Throws `ModelFilesError`.
  package init(among names: [String], of place: String, variant: String?) throws(ModelFilesError) {
    guard variant == nil || variant == Self.halfPrecision else {
      throw .otherVariant(variant: variant ?? "")
    }
    let chooser = Chooser(names: Set(names), place: place, prefersHalf: variant != nil)
    let isModel = names.contains("model_index.json")
    let folders: [Component]
    if !isModel {
      kind = .vae
      folders = []
    } else if names.contains(where: { $0.hasPrefix("text_encoder/") }) {
      kind = .base
      folders = Component.allCases
    } else {
      kind = .refiner
      folders = Component.allCases.filter { ![.textEncoder, .tokenizer].contains($0) }
    }
    var chosen: [String] = []
    if isModel {
      chosen = ["model_index.json"]
      for component in folders { chosen += try chooser.files(of: component) }
    } else {
      guard names.contains("config.json") else { throw .noModel(place: place) }
      chosen = ["config.json"] + (try chooser.weights("diffusion_pytorch_model", in: ""))
    }
    if variant != nil, !chosen.contains(where: { $0.contains(".\(Self.halfPrecision)") }) {
      throw .noVariant(place: place, variant: variant ?? "")
    }
    paths = chosen.sorted()
  }

  /// Chooses among the names of one repository.
  private struct Chooser {
    let names: Set<String>
    let place: String
    let prefersHalf: Bool

    /// The files of one component.
    func files(of component: Component) throws(ModelFilesError) -> [String] {
      let folder = "\(component.rawValue)/"
      switch component {
      case .unet, .vae:
        return try [file("config.json", in: folder)]
          + weights("diffusion_pytorch_model", in: folder)
      case .textEncoder, .textEncoder2:
        return try [file("config.json", in: folder)] + weights("model", in: folder)
      case .scheduler: return [try file("scheduler_config.json", in: folder)]
      case .tokenizer, .tokenizer2:
        let vocabulary =
          names.contains("\(folder)tokenizer.json")
          ? ["tokenizer.json"]
          : [try file("vocab.json", in: folder), try file("merges.txt", in: folder)].map {
            String($0.dropFirst(folder.count))
          }
        let others = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
        return (vocabulary + others).map { folder + $0 }.filter(names.contains)
      }
    }

    /// The weights in the wanted precision, else in the other: one file, or an index and its shards.
    func weights(_ name: String, in folder: String) throws(ModelFilesError) -> [String] {
      for half in [prefersHalf, !prefersHalf] {
        let variant = half ? ".\(ModelFiles.halfPrecision)" : ""
        let single = "\(folder)\(name)\(variant).safetensors"
        if names.contains(single) { return [single] }
        let index = "\(folder)\(name).safetensors.index\(variant).json"
        let shards = names.filter { shard in
          guard shard.hasPrefix("\(folder)\(name)\(variant)-") else { return false }
          let rest = shard.dropFirst(folder.count + name.count + variant.count)
          return rest.wholeMatch(of: /-\d{5}-of-\d{5}\.safetensors/) != nil
        }
        if names.contains(index), !shards.isEmpty { return [index] + shards }
      }
      let pickled = names.filter { path in
        path.hasPrefix(folder) && !path.dropFirst(folder.count).contains("/")
          && [".bin", ".ckpt", ".pt", ".pth", ".msgpack"].contains { path.hasSuffix($0) }
      }
      throw .noWeights(
        place: place, file: "\(folder)\(name).safetensors", pickled: pickled.sorted())
    }

    private func file(_ name: String, in folder: String) throws(ModelFilesError) -> String {
      guard names.contains(folder + name) else {
        throw .missing(place: place, file: folder + name)
      }
      return folder + name
    }
  }
}
