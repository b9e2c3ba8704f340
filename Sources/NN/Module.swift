public import Torch

/// A part of a model: something that owns parameters, or other parts.
///
/// The tree and the names of its weights come from the stored properties. A child's key is its
/// property name in snake_case; a name that contains `_` stays as it is; the elements of an array
/// have their index as key; nil children, and properties that are neither modules nor parameters,
/// are skipped. A model whose properties are named as in its checkpoint needs no table of names.
public protocol Module: AnyObject {}

/// A module from one tensor to one tensor.
public protocol UnaryLayer: Module {
  /// Applies the layer.
  func callAsFunction(_ x: Tensor) throws -> Tensor
}

extension Sequence where Element == any UnaryLayer {
  /// Applies the layers one after the other.
  public func forward(_ x: Tensor) throws -> Tensor {
    try reduce(x) { try $1($0) }
  }
}

extension Module {
  /// Every parameter below this module with its key, in the order of the properties.
  public func parameters() -> [(path: String, parameter: Parameter)] {
    var found: [(path: String, parameter: Parameter)] = []
    visit(at: "") { path, child in
      if let parameter = child as? Parameter { found.append((path, parameter)) }
    }
    return found
  }

  /// Every module below this one with its path, parents before their children.
  public func modules() -> [(path: String, module: any Module)] {
    var found: [(path: String, module: any Module)] = []
    visit(at: "") { path, child in
      if let module = child as? any Module { found.append((path, module)) }
    }
    return found
  }

  private func visit(at prefix: String, _ body: (String, Any) -> Void) {
    for child in Mirror(reflecting: self).children {
      guard let label = child.label else { continue }
      let path = prefix.isEmpty ? key(of: label) : "\(prefix).\(key(of: label))"
      if let list = child.value as? [any Module] {
        for (index, element) in list.enumerated() {
          body("\(path).\(index)", element)
          element.visit(at: "\(path).\(index)", body)
        }
      } else if let module = child.value as? any Module {
        body(path, module)
        module.visit(at: path, body)
      } else if let parameter = child.value as? Parameter {
        body(path, parameter)
      }
    }
  }
}

/// The key of a property: `timeEmbedding` is `time_embedding`, `linear_1` stays.
func key(of property: String) -> String {
  if property.contains("_") { return property }
  return property.reduce(into: "") { key, character in
    if character.isUppercase { key.append("_") }
    key.append(contentsOf: character.lowercased())
  }
}
