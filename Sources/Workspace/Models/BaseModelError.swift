package import Files
import StableDiffusion

/// A base model that is not there.
package enum BaseModelError: ReportableError, Equatable {
  /// None is named, and none is installed.
  case noneInstalled(place: String)
  /// Nothing of that name is installed, and there is no such folder or file.
  case notFound(name: String, folder: String, installed: [String])
  /// A file that is no model.
  case otherKind(file: String)

  package var kind: ErrorKind { .missingInput }

  package var description: String {
    let ending = ModelDirectory.fileExtension
    switch self {
    case .noneInstalled(let place):
      return "There is no base model: put SDXL at \(place), as diffusers saves it "
        + "(stable-diffusion-xl-base-1.0), or at the same place as one file "
        + "\(BaseModels.standard[0]).\(ending), or name the folder or file of another one with "
        + "`model`."
    case .notFound(let name, let folder, let installed):
      let names = installed.isEmpty ? "" : " (there are: \(installed.joined(separator: ", ")))"
      return "There is no base model \(name), neither as a folder nor in \(folder)\(names); give "
        + "`model` a folder as diffusers saves it, or a .\(ending) file."
    case .otherKind(let file):
      return "The base model \(file) is a file of another kind; give `model` a .\(ending) file in "
        + "the original layout, or a folder as diffusers saves it, with model_index.json, unet and "
        + "the rest."
    }
  }
}
