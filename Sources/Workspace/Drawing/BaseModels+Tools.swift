package import Drawing
import Files
package import Foundation
import StableDiffusion

extension BaseModels {
  /// Opens the models and adapters of drawing options. Throws `BaseModelError` and errors of the files.
  ///
  /// - Parameter caches: the cache folder.
  package func tools(_ options: DrawingOptions, caches: URL) throws -> DrawingTools {
    let name = try options.model ?? standardName()
    var options = options
    options.vae = options.vae.map(pathOfVAE)
    return try DrawingTools(
      options, model: open(name), named: name,
      refiner: options.refiner.map { try open($0, as: .refiner) }, caches: caches,
      program: Version.current)
  }
}
