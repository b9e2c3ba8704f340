package import Files
import StableDiffusion

/// A base model that is missing.
package enum BaseModelError: ReportableError, Equatable {
  /// No model is named, and none is installed.
  case noneInstalled(place: String)
  /// No installed model, folder or file has this name.
  case notFound(name: String, folder: String, installed: [String])
  /// A file that is no .safetensors file.
  case otherKind(file: String)

  package var kind: ErrorKind { .missingInput }

  package var description: String {
    let ending = ModelDirectory.fileExtension
    switch self {
    case .noneInstalled(let place):
      return
        "There is no base model: install SDXL with lora-train models pull \(BaseModels.standard[0]), or put "
        + "its diffusers folder at \(place) or a single file \(BaseModels.standard[0]).\(ending) beside it, "
        + "or choose another model with `model`."
    case .notFound(let name, let folder, let installed):
      let names = installed.isEmpty ? "" : " (installed: \(installed.joined(separator: ", ")))"
      return "There is no base model \(name), neither as a folder nor in \(folder)\(names); give "
        + "`model` a diffusers folder or a .\(ending) file."
    case .otherKind(let file):
      return "The base model \(file) is a file of another kind; give `model` a .\(ending) file in "
        + "the original layout, or a diffusers folder with model_index.json."
    }
  }
}
