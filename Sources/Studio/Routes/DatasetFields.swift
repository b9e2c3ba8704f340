import Datasets
import Foundation
import Hummingbird
import RunLog
import Workspace

extension JSONValue {
  /// The text of a JSON string; nil for other values.
  var string: String? { if case .string(let text) = self { text } else { nil } }

  /// The number; nil for other values.
  fileprivate var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

extension FocusPoint {
  /// A point of two shares from 0 to 1; nil for `null`. Throws `StudioError.otherType`.
  init?(field: JSONValue?) throws(StudioError) {
    if field == .null { return nil }
    guard case .array(let values) = field, let point = FocusPoint(values.compactMap(\.double))
    else {
      throw .otherType("focus", allowed: "two numbers from 0 to 1, or null")
    }
    self = point
  }
}

extension CaptionEdit {
  /// The edit that a request describes. Throws `StudioError.otherType`.
  init(fields: [String: JSONValue]) throws(StudioError) {
    let text = fields["text"]?.string ?? ""
    let ignoringCase = fields["ignoring_case"] == .bool(true)
    switch fields["edit"]?.string {
    case "replace":
      self = .replace(text, with: fields["with"]?.string ?? "", ignoringCase: ignoringCase)
    case "prefix": self = .prefix(text)
    case "suffix": self = .suffix(text)
    case "trigger": self = .trigger
    case "remove": self = .remove(text, ignoringCase: ignoringCase)
    default: throw .otherType("edit", allowed: "replace, prefix, suffix, trigger or remove")
    }
  }
}

extension BasicRequestContext {
  /// The name of a dataset in a request's path. Throws `RequestError.noPage`.
  func name(_ parameter: String, _ request: Request) throws -> String {
    guard let text = parameters.get(parameter)?.removingPercentEncoding, !text.isEmpty else {
      throw RequestError.noPage(request.uri.path)
    }
    return text
  }

  /// The names of a dataset and of one of its images. Throws `RequestError.noPage`.
  func image(_ request: Request) throws -> (dataset: String, image: String) {
    guard let image = request.uri.queryParameters.get("image"), !image.isEmpty else {
      throw RequestError.noPage(request.uri.path)
    }
    return (try name("subject", request), image)
  }
}
