package import Hub
import StableDiffusion

/// A model on the Hub, and the name that it is installed under.
package struct ModelSource: Sendable {
  /// Short names for SDXL's own repositories, and for the VAE whose weights fit into half precision.
  package static let shortNames: KeyValuePairs = [
    "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
    "sdxl-refiner": "stabilityai/stable-diffusion-xl-refiner-1.0",
    "sdxl-vae": "madebyollin/sdxl-vae-fp16-fix",
  ]

  /// The branch with the newest commit.
  package static let newest = "main"

  package let repository: RepositoryName
  /// The name of the folder below `base`.
  package let name: String
  /// A branch, tag or commit.
  package let revision: String
  /// `fp16` for weights in half precision; nil for those in full precision.
  package let variant: String?

  /// A repository or a short name. Without `name`, the model is named as its repository, or by the
  /// short name. Throws `RepositoryError.name`, `ModelLibraryError.name`.
  package init(
    _ text: String, name: String? = nil, revision: String = newest, variant: String? = nil
  ) throws {
    let known = Self.shortNames.first { $0.key == text }
    repository = try RepositoryName(known?.value ?? text)
    self.name = name ?? known?.key ?? repository.name
    self.revision = revision
    self.variant = variant
    guard Self.isValid(self.name) else { throw ModelLibraryError.name(found: self.name) }
  }

  /// Whether a name can be that of a folder below `base`.
  static func isValid(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 100
      && !name.hasSuffix(".\(ModelDirectory.fileExtension)")
      && name.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && $0.value != 0x7F && !"/\\".unicodeScalars.contains($0)
      }
  }
}
