document.querySelectorAll('.sheet').forEach(t=>{const body=t.tBodies[0];[...t.tHead.rows[0].cells].forEach((th,i)=>{const b=document.createElement('button');b.textContent=th.textContent;b.title='Sort by this column';th.replaceChildren(b);
b.addEventListener('click',()=>{const up=th.getAttribute('aria-sort')!='ascending';for(const o of t.tHead.rows[0].cells)o.removeAttribute('aria-sort');th.setAttribute('aria-sort',up?'ascending':'descending');
const key=r=>{const d=r.cells[i].querySelector('data');return d?+d.value:r.cells[i].textContent};
[...body.rows].sort((a,c)=>{const x=key(a),y=key(c),s=typeof x=='number'&&typeof y=='number'?x-y:typeof x=='number'?-1:typeof y=='number'?1:x.localeCompare(y);return up?s:-s}).forEach(r=>body.append(r))})})});
