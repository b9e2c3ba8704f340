package import Foundation

/// Elements by their CSS selectors. Each function throws `BrowserError.element` if there is none.
extension Page {
  /// The text that an element shows.
  package func text(of selector: String) async throws -> String {
    try await call("element => element.innerText ?? element.textContent", on: selector)
  }

  /// The value of a field, empty for other elements.
  package func value(of selector: String) async throws -> String {
    try await call("element => element.value ?? ''", on: selector)
  }

  /// Whether there is an element.
  package func exists(_ selector: String) async throws -> Bool {
    try await evaluate("document.querySelector(\(selector.javascript)) !== null", as: Bool.self)
  }

  /// Chooses an option of a `<select>` by its value.
  package func choose(_ value: String, in selector: String) async throws {
    let isFound = try await call(
      """
      (element, value) => {
        if (![...element.options ?? []].some(option => option.value === value)) return false
        element.focus()
        element.value = value
        element.dispatchEvent(new Event('input', { bubbles: true }))
        element.dispatchEvent(new Event('change', { bubbles: true }))
        return true
      }
      """, on: selector, value, as: Bool.self)
    if !isFound {
      throw BrowserError.element(selector, problem: "has no option with the value “\(value)”")
    }
  }

  /// Chooses files in an `<input type="file">`.
  package func upload(files: [URL], to selector: String) async throws {
    struct Object: Decodable { let result: Result }
    struct Result: Decodable { let objectId: String? }
    let object = try await send(
      "Runtime.evaluate",
      ["expression": .string("document.querySelector(\(selector.javascript))")], as: Object.self)
    guard let id = object.result.objectId else { throw missing(selector) }
    try await send(
      "DOM.setFileInputFiles",
      ["files": .array(files.map { .string($0.path) }), "objectId": .string(id)])
  }

  /// Calls a function with an element and further arguments.
  func call<Value: Decodable>(
    _ function: String, on selector: String, _ arguments: String...,
    as type: Value.Type = String.self
  ) async throws -> Value {
    let list = ["element"] + arguments.map(\.javascript)
    let expression = """
      (() => {
        const element = document.querySelector(\(selector.javascript))
        return element === null ? null : (\(function))(\(list.joined(separator: ", ")))
      })()
      """
    guard let value = try await evaluate(expression, as: Value?.self) else {
      throw missing(selector)
    }
    return value
  }

  /// The error for a selector that finds nothing.
  func missing(_ selector: String) -> BrowserError {
    BrowserError.element(selector, problem: "does not exist")
  }
}
