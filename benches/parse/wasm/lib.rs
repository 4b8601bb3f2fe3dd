//! Ours and the floor as a WebAssembly module without glue: what is measured is the crate.
//!
//! The caller asks for room with [`input`], writes the document there, calls [`cloud_event`] or
//! [`floor`], and reads the JSON at [`output`]. The Worker's glue copies the bytes likewise: once
//! in, once out.

use std::cell::RefCell;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for a document of `length` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

/// Makes the event from the document, and gives its JSON's length.
#[unsafe(no_mangle)]
pub extern "C" fn cloud_event() -> usize {
    let json = INPUT.with_borrow(|input| ours::cloud_event(input));
    let length = json.len();
    OUTPUT.set(json);
    length
}

/// Where the JSON stands, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    OUTPUT.with_borrow(Vec::as_ptr)
}

/// Goes through the document's events, and gives their number.
#[unsafe(no_mangle)]
pub extern "C" fn floor() -> usize {
    INPUT.with_borrow(|input| floor::events(input))
}
