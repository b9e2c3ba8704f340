import Adapters
import ArgumentParser
import Drawing
import Files
import Foundation
import StableDiffusion
import Workspace

/// The base model whose layers a tool uses.
struct LoraModelOptions: ParsableArguments {
  /// The model that adapters are for.
  struct Model {
    let unet: UNetConfiguration
    let layers: AdaptableLayers

    /// SDXL as it was published.
    static var sdxl: Model { Model(unet: .sdxl, layers: .sdxl) }

    init(_ model: ModelDirectory) { self.init(unet: model.unet, layers: AdaptableLayers(model)) }

    private init(unet: UNetConfiguration, layers: AdaptableLayers) {
      self.unet = unet
      self.layers = layers
    }

    /// The first layer of a file that the model lacks or has in another size, if there is one.
    func misfit(_ files: [AdapterFile]) throws -> (file: AdapterFile, layer: String)? {
      for file in files {
        if let layer = try file.misfit(in: layers) { return (file, layer) }
      }
      return nil
    }
  }

  @Option(
    help: .value(
      "Base model that the LoRA is for. Default: SDXL as it was published, for which no model is "
        + "needed, or else an installed model that fits.", "model"))
  var model: String?
  @OptionGroup var root: RootOption

  /// The layers of `--model`, else those of SDXL or of the first default model that has all layers of
  /// the files. Throws `AdapterToolError.unknownModel` if there is none, and errors of the model.
  func model(of files: [AdapterFile]) throws -> Model {
    let models = BaseModels(root.project) { _ in }
    if let model { return Model(try models.open(model)) }
    guard let (file, layer) = try Model.sdxl.misfit(files) else { return .sdxl }
    for name in BaseModels.standard {
      do {
        let model = Model(try models.open(name))
        if try model.misfit(files) == nil { return model }
      } catch is BaseModelError {
        continue
      }
    }
    if let family = file.family, family != .sdxl {
      throw AdapterFileError.otherFamily(file: file.url.relativePath, family: family)
    }
    throw AdapterToolError.unknownModel(file: file.url.relativePath, layer: layer)
  }
}

extension AdapterChoice {
  /// Reads an argument. Throws `ValidationError`.
  static func parse(_ text: String) throws -> AdapterChoice {
    guard let choice = AdapterChoice(text) else {
      throw ValidationError("\(text) is not a LoRA file; give \(form).")
    }
    return choice
  }

  /// The file. Throws `NothingFound`, `FileAccessError.linkTarget`.
  func existing() throws -> URL {
    guard FileManager.default.fileExists(atPath: path) else {
      if let error = FileAccessError.danglingLink(URL(filePath: path)) { throw error }
      throw NothingFound("There is no LoRA \(path); give the path of a .safetensors file.")
    }
    return URL(filePath: path)
  }

  /// Opens the file. Throws `NothingFound`, `AdapterFileError`, `WeightsError`.
  func open() throws -> AdapterFile { try AdapterFile(contentsOf: existing()) }
}
