const boxes=[...document.querySelectorAll('[data-f]')],rows=[...document.querySelectorAll('.board tbody:not(.refs) tr')],refs=document.querySelector('.refs'),out=document.querySelector('output');
function show(){let n=0;for(const r of rows){r.hidden=!boxes.every(b=>!b.checked||r.dataset[b.dataset.f]=='yes');n+=!r.hidden}if(refs)refs.hidden=boxes.some(b=>b.checked);out.textContent=n+' of '+rows.length+' maps'}
document.querySelector('.filters').hidden=false;boxes.forEach(b=>b.addEventListener('change',show));show();
