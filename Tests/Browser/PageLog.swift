import Synchronization

/// What a page reported since its last address was opened.
final class PageLog: Sendable {
  private struct State {
    var loads: Set<String> = []
    var errors: [String] = []
    var dialogs: [String] = []
  }

  private let state = Mutex(State())

  /// Errors of the console.
  var errors: [String] { state.withLock { $0.errors } }

  /// Messages of dialogs.
  var dialogs: [String] { state.withLock { $0.dialogs } }

  /// Whether the load event of a document came.
  func hasLoaded(_ loader: String) -> Bool { state.withLock { $0.loads.contains(loader) } }

  /// Forgets everything.
  func clear() { state.withLock { $0 = State() } }

  /// Takes an event.
  func receive(_ event: Event) {
    switch event.method {
    case "Page.lifecycleEvent":
      guard let cycle = event.parameters(as: Lifecycle.self), cycle.name == "load" else { return }
      state.withLock { _ = $0.loads.insert(cycle.loaderId) }
    case "Runtime.consoleAPICalled":
      guard let call = event.parameters(as: Call.self), ["error", "assert"].contains(call.type)
      else { return }
      add(call.args.map(\.text).joined(separator: " "))
    case "Runtime.exceptionThrown":
      guard let thrown = event.parameters(as: Thrown.self) else { return }
      add(thrown.exceptionDetails.summary)
    case "Log.entryAdded":
      guard let entry = event.parameters(as: Added.self)?.entry, entry.level == "error" else {
        return
      }
      add([entry.text, entry.url.map { "(\($0))" }].compactMap(\.self).joined(separator: " "))
    case "Page.javascriptDialogOpening":
      guard let dialog = event.parameters(as: Dialog.self) else { return }
      state.withLock { $0.dialogs.append(dialog.message) }
    default: break
    }
  }

  private func add(_ error: String) { state.withLock { $0.errors.append(error) } }

  private struct Lifecycle: Decodable {
    let loaderId: String
    let name: String
  }

  private struct Call: Decodable {
    let type: String
    let args: [RemoteObject]
  }

  private struct Thrown: Decodable { let exceptionDetails: ExceptionDetails }

  private struct Added: Decodable {
    let entry: Entry

    struct Entry: Decodable {
      let level: String
      let text: String
      let url: String?
    }
  }

  private struct Dialog: Decodable { let message: String }
}
